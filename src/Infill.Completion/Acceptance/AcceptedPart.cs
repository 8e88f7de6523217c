namespace Infill.Completion.Acceptance;

/// <summary>How a piece of a suggestion came into the text.</summary>
internal enum AcceptedPart
{
    /// <summary>A key of the user's own.</summary>
    Typed,

    /// <summary>As far as a word goes.</summary>
    Word,

    /// <summary>As far as a line goes.</summary>
    Line,

    /// <summary>The rest of it.</summary>
    Whole,
}

/// <summary>Tells the ways apart, where no client says which it was.</summary>
internal static class AcceptedParts
{
    /// <summary>Several letters at once that agree with a suggestion were not typed: clients send a change for each key.</summary>
    /// <param name="text">The suggestion.</param>
    /// <param name="from">What of it stood there before.</param>
    /// <param name="to">What stands there now.</param>
    public static AcceptedPart Between(string text, int from, int to)
    {
        if (to - from <= 1) return AcceptedPart.Typed;
        if (to == text.Length) return AcceptedPart.Whole;
        return text[to - 1] is '\n' or '\r' || text[to] is '\n' or '\r' ? AcceptedPart.Line : AcceptedPart.Word;
    }
}
