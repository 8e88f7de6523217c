using Infill.Completion.Documents;

namespace Infill.Completion;

/// <summary>
/// What the model last wrote in each document. As long as the user types just that, the rest is what it will most likely write
/// again: guessed ahead, a whole line is checked in one step instead of written in ten. Any thread.
/// </summary>
internal sealed class LastTexts
{
    /// <summary>Documents that are remembered; the one that was longest left alone goes first.</summary>
    private const int Capacity = 16;

    private readonly Lock _gate = new();
    private readonly LinkedList<Written> _texts = []; // guarded by _gate; the latest first

    /// <summary>What is left of the text where the user typed along; empty where there is none, or something else was typed.</summary>
    public string Rest(string path, SourceText document, int cursor)
    {
        lock (_gate) return Find(path) is { } node ? RestOf(node.Value, document, cursor) : "";
    }

    /// <summary>Takes in what was generated at a cursor, unless it says less than what is known for that place.</summary>
    public void Remember(string path, SourceText document, int cursor, string text)
    {
        lock (_gate)
        {
            var known = Find(path);
            if (text.Length == 0 || (known is not null && RestOf(known.Value, document, cursor).StartsWith(text, StringComparison.Ordinal))) return;
            if (known is not null) _texts.Remove(known);
            else if (_texts.Count == Capacity) _texts.RemoveLast();
            _texts.AddFirst(new Written(path, cursor, text));
        }
    }

    private LinkedListNode<Written>? Find(string path)
    {
        for (var node = _texts.First; node is not null; node = node.Next)
        {
            if (node.Value.Path == path) return node;
        }

        return null;
    }

    private static string RestOf(Written written, SourceText document, int cursor)
    {
        if (cursor < written.Cursor || cursor - written.Cursor > 2 * written.Text.Length) return "";
        var typed = document.Substring(written.Cursor, cursor - written.Cursor).ReplaceLineEndings("\n"); // as the model writes
        return written.Text.StartsWith(typed, StringComparison.Ordinal) ? written.Text[typed.Length..] : "";
    }

    /// <param name="Path">The document.</param>
    /// <param name="Cursor">Where, in UTF-16 units.</param>
    /// <param name="Text">What, with LF line ends.</param>
    private sealed record Written(string Path, int Cursor, string Text);
}
