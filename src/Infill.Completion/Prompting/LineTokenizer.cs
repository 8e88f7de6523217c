using System.Buffers;
using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>Tokenizes line by line and remembers what each line gave: a keystroke changes one line of a prompt, not all of them.</summary>
/// <remarks>
/// Only for vocabularies that never let a token, or the rule that cuts words apart, reach over a line's end into text: each proves
/// that on samples first, and is asked for whole texts where it fails. Any thread; the memory is guarded by its own lock.
/// </remarks>
internal sealed class LineTokenizer
{
    /// <summary>Characters that one generation of the memory holds: about twenty prompts.</summary>
    private const int GenerationLength = 64 * 1024;

    /// <summary>Longer lines are rare, and would push many others out.</summary>
    private const int MaxRemembered = 1024;

    /// <summary>Line ends after and before all that code puts there.</summary>
    private const string Sample =
        "using System;\n\nnamespace A.B;\n\npublic class C(int x)\n{\n    private int _y = 1_000;\n\n\n\tvoid D() => \"e\\n\";\n    \n    // f: 漢字 🙂\n" +
        "def g(self, *, h=None):\n    '''i'''\n    return [j for j in self._k if j]\n\n\n    @l\n#include <m.h>\n  \t }\n});\n)\n\"n\"\n1\n 2\n";

    private static readonly SearchValues<char> s_blanks = SearchValues.Create(" \t\n\v\f\r");

    private readonly IVocabulary _vocabulary;
    private readonly Lock _gate = new();
    private Dictionary<string, int[]> _recent = new(StringComparer.Ordinal); // guarded by _gate, as all below
    private Dictionary<string, int[]> _older = new(StringComparer.Ordinal);
    private int _recentLength;

    public LineTokenizer(IVocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        IsSeparable = ProveSeparable(vocabulary);
    }

    /// <summary>Whether the vocabulary gives each line the same tokens alone as within a text.</summary>
    public bool IsSeparable { get; }

    /// <summary>Appends the tokens of <paramref name="text"/>: the same ones that the vocabulary gives for the whole.</summary>
    public void Tokenize(ReadOnlySpan<char> text, List<int> tokens)
    {
        if (!IsSeparable)
        {
            _vocabulary.Tokenize(text, tokens);
            return;
        }

        while (!text.IsEmpty)
        {
            var length = FirstPart(text);
            TokenizePart(text[..length], tokens);
            text = text[length..];
        }
    }

    private void TokenizePart(ReadOnlySpan<char> part, List<int> tokens)
    {
        if (part.Length > MaxRemembered)
        {
            _vocabulary.Tokenize(part, tokens);
            return;
        }

        if (!TryRecall(part, out var known))
        {
            var fresh = new List<int>();
            _vocabulary.Tokenize(part, fresh);
            known = [.. fresh];
            Remember(part.ToString(), known);
        }

        tokens.AddRange(known);
    }

    private bool TryRecall(ReadOnlySpan<char> part, out int[] tokens)
    {
        lock (_gate)
        {
            if (_recent.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(part, out tokens!)) return true;
            if (!_older.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(part, out var key, out tokens!)) return false;
            Add(key, tokens); // still in use: it outlives its generation
            return true;
        }
    }

    private void Remember(string part, int[] tokens)
    {
        lock (_gate) Add(part, tokens);
    }

    /// <summary>Under the lock. A full generation becomes the older one, whose unused lines are then forgotten.</summary>
    private void Add(string part, int[] tokens)
    {
        if (_recentLength + part.Length > GenerationLength)
        {
            (_older, _recent) = (_recent, _older);
            _recent.Clear();
            _recentLength = 0;
        }

        if (_recent.TryAdd(part, tokens)) _recentLength += part.Length;
    }

    /// <summary>
    /// Length up to and with the first line end that text follows on the next line. Blank lines stay with the line before:
    /// vocabularies join line ends.
    /// </summary>
    private static int FirstPart(ReadOnlySpan<char> text)
    {
        var end = 0;
        while (text[end..].IndexOf('\n') is >= 0 and var feed)
        {
            end += feed + 1;
            var blanks = text[end..].IndexOfAnyExcept(s_blanks);
            if (blanks >= 0 && text.Slice(end, blanks).IndexOf('\n') < 0) return end;
        }

        return text.Length;
    }

    private static bool ProveSeparable(IVocabulary vocabulary)
    {
        var whole = new List<int>();
        vocabulary.Tokenize(Sample, whole);
        var parts = new List<int>();
        for (var rest = Sample.AsSpan(); !rest.IsEmpty;)
        {
            var length = FirstPart(rest);
            vocabulary.Tokenize(rest[..length], parts);
            rest = rest[length..];
        }

        return whole.SequenceEqual(parts);
    }
}
