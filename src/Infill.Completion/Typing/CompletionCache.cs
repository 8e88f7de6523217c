namespace Infill.Completion.Typing;

/// <summary>One document's suggestions of late: typing through one, or going back to one, costs no model call. Guarded by its owner's lock.</summary>
internal sealed class CompletionCache
{
    private const int Capacity = 32;

    private readonly LinkedList<(SuggestionRequest Request, string Text)> _entries = []; // the latest first

    /// <summary>Takes in a suggestion that is whole; an empty one says that there is nothing at its place.</summary>
    public void Add(SuggestionRequest request, string text)
    {
        if (_entries.Count == Capacity) _entries.RemoveLast();
        _entries.AddFirst((request, text));
    }

    /// <summary>What is left of the latest suggestion that what was typed since agrees with.</summary>
    /// <param name="request">Where the user is now, and how a suggestion has to look.</param>
    /// <param name="rest">Empty where it is known that nothing comes there.</param>
    public bool TryFind(SuggestionRequest request, out string rest)
    {
        for (var node = _entries.First; node is not null; node = node.Next)
        {
            var (known, text) = node.Value;
            if (!IsAskedAlike(known, request) || TypedPlace.Since(known.Text, known.Cursor, request.Text, request.Cursor) is not { } typed) continue;
            if (!text.StartsWith(typed, StringComparison.Ordinal)) continue;
            if (typed.Length > 0 && string.IsNullOrWhiteSpace(text[typed.Length..])) continue; // all of it is typed: what comes then is another question

            rest = text[typed.Length..];
            _entries.Remove(node);
            _entries.AddFirst(node); // one that is typed through stays
            return true;
        }

        rest = "";
        return false;
    }

    /// <summary>Whether two requests want the same of a place: settings may have changed between.</summary>
    public static bool IsAskedAlike(SuggestionRequest left, SuggestionRequest right) =>
        left.MaxTokens == right.MaxTokens && left.Prompt == right.Prompt && left.Shaping == right.Shaping && left.Path == right.Path && left.Language == right.Language;
}
