using Infill.Completion.Documents;
using Infill.Completion.Typing;

namespace Infill.Completion.Acceptance;

/// <summary>One suggestion from the moment it was shown until something else is: how far the text has followed it.</summary>
internal sealed class Trail(ShownSuggestion first, long shownAt)
{
    private ShownSuggestion _suggestion = first;

    /// <summary>Requests that it was the answer to; typing through makes more than one.</summary>
    private readonly HashSet<string> _ids = [first.Id];

    public bool IsInMenu => _suggestion.IsInMenu;

    public string Language => _suggestion.Language;

    public string Text => _suggestion.Text;

    public int Cursor => _suggestion.Cursor;

    /// <summary>Timestamp.</summary>
    public long ShownAt => shownAt;

    /// <summary>Characters of it that stand in the text.</summary>
    public int Reached { get; set; }

    /// <summary>Whether anything of it was accepted by a key for that.</summary>
    public bool IsUsed { get; set; }

    /// <summary>How its last letter came in, where it was reached.</summary>
    public AcceptedPart? End { get; set; }

    public bool Is(string id) => _ids.Contains(id);

    /// <summary>Whether it is this one that is shown: it has grown, or what was typed has made it shorter.</summary>
    public bool TryContinue(ShownSuggestion next)
    {
        var isSame = next.Id == _suggestion.Id
            ? next.Text.StartsWith(Text, StringComparison.Ordinal)
            : Follows(next.Before) is { } typed && next.Cursor == Cursor + typed && IsRest(next.Text, typed);
        if (!isSame) return false;

        _ids.Add(next.Id);
        if (next.Id == _suggestion.Id) _suggestion = next;
        else if (next.Cursor - Cursor + next.Text.Length > Text.Length) _suggestion = _suggestion with { Text = Text[..(next.Cursor - Cursor)] + next.Text };
        return true;
    }

    /// <summary>How many characters of it a text has at its place; null where something else was written.</summary>
    public int? Follows(SourceText now) => TypedPlace.Along(_suggestion.Before, Cursor, Text, now);

    /// <summary>One of the two may have grown further than the other.</summary>
    private bool IsRest(string text, int typed) =>
        text.AsSpan().StartsWith(Text.AsSpan(typed)) || Text.AsSpan(typed).StartsWith(text);
}
