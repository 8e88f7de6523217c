using Infill.Completion.Documents;

namespace Infill.Completion.Acceptance;

/// <summary>A suggestion as an editor has it.</summary>
/// <param name="Id">The same while it grows.</param>
/// <param name="Uri">The document.</param>
/// <param name="Language">LSP's identifier of its language.</param>
/// <param name="Before">The document's text when it was asked for.</param>
/// <param name="Cursor">Offset in it, where the suggestion goes.</param>
/// <param name="Text">What it inserts.</param>
public sealed record ShownSuggestion(string Id, string Uri, string Language, SourceText Before, int Cursor, string Text)
{
    /// <summary>An entry of a menu: that it is left alone says nothing against it.</summary>
    public bool IsInMenu { get; init; }
}
