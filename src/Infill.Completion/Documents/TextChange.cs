namespace Infill.Completion.Documents;

/// <summary>One edit as a client reports it.</summary>
/// <param name="Range">What is replaced, in the client's <see cref="PositionEncoding"/>; null replaces the whole text.</param>
/// <param name="NewText">What stands there afterwards.</param>
public readonly record struct TextChange(TextRange? Range, string NewText)
{
    /// <summary>Whether this change needs nothing of the text before it.</summary>
    public bool IsFullText => Range is null;
}

/// <summary>An edit that lies outside the text it was made for: client and server no longer hold the same text.</summary>
public sealed class TextChangeException : Exception
{
    public TextChangeException()
    {
    }

    public TextChangeException(string message)
        : base(message)
    {
    }

    public TextChangeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
