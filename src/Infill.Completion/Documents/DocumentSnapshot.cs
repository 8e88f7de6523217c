namespace Infill.Completion.Documents;

/// <summary>One open document at one version. Never changes once made.</summary>
/// <remarks>A request keeps the snapshot it began with; an edit makes the next one and disturbs nobody.</remarks>
/// <param name="Uri">The document's URI exactly as the client writes it; compared character by character.</param>
/// <param name="LanguageId">LSP's language identifier, such as "csharp".</param>
/// <param name="Version">The client's version number.</param>
/// <param name="Text">The whole text.</param>
public sealed record DocumentSnapshot(string Uri, string LanguageId, int Version, SourceText Text)
{
    /// <summary>The document after <paramref name="changes"/>, in their order.</summary>
    /// <exception cref="TextChangeException">A change lies outside the text it was made for; this snapshot stays as it is.</exception>
    public DocumentSnapshot Apply(int version, ReadOnlySpan<TextChange> changes, PositionEncoding encoding)
    {
        var text = Text;
        foreach (ref readonly var change in changes)
        {
            text = text.With(change, encoding); // its range is measured in the text left by the change before it
        }

        return this with { Version = version, Text = text };
    }
}
