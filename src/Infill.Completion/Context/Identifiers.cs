using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Infill.Completion.Context;

/// <summary>The names in a line of code, whatever its language.</summary>
internal static class Identifiers
{
    /// <summary>Shorter ones are counters and operators' words: they say nothing of what a line is about.</summary>
    private const int LeastLength = 3;

    private const int MostLength = 80; // longer ones are data

    /// <summary>Words that all code is full of: what two places have in common must be more than these.</summary>
    private static readonly FrozenSet<string> s_common = FrozenSet.Create(
        StringComparer.Ordinal,
        "abstract", "and", "any", "async", "await", "bool", "boolean", "break", "byte", "case", "catch", "char", "class", "const", "continue", "def", "default", "del",
        "double", "elif", "else", "end", "enum", "err", "error", "except", "export", "extends", "false", "final", "finally", "float", "for", "foreach", "from", "fun",
        "func", "function", "get", "global", "goto", "impl", "implements", "import", "include", "instanceof", "int", "interface", "internal", "lambda", "len", "let",
        "long", "loop", "match", "mod", "mut", "namespace", "new", "nil", "none", "None", "not", "null", "object", "out", "override", "package", "param", "pass",
        "private", "protected", "pub", "public", "raise", "readonly", "record", "ref", "return", "returns", "sealed", "self", "Self", "set", "short", "static", "str",
        "string", "String", "struct", "summary", "super", "switch", "the", "this", "throw", "throws", "trait", "true", "True", "False", "try", "type", "typeof",
        "undefined", "use", "using", "val", "value", "var", "virtual", "void", "where", "while", "with", "yield");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> s_commonSpans = s_common.GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool IsPart(char c) => char.IsLetterOrDigit(c) || c == '_';

    /// <summary>Whether a word is a name that tells places apart.</summary>
    public static bool IsTelling(ReadOnlySpan<char> word) =>
        word.Length is >= LeastLength and <= MostLength && !char.IsAsciiDigit(word[0]) && !s_commonSpans.Contains(word);

    /// <summary>The next word from <paramref name="at"/> on, telling or not; false at the line's end.</summary>
    public static bool TryNext(ReadOnlySpan<char> line, int at, out Range word)
    {
        while (at < line.Length && !IsPart(line[at])) at++;
        var start = at;
        while (at < line.Length && IsPart(line[at])) at++;
        word = start..at;
        return at > start;
    }

    /// <summary>Adds the hashes of a line's telling names. Hashes are this process's own.</summary>
    public static void AddTo(HashSet<int> hashes, ReadOnlySpan<char> line)
    {
        for (var at = 0; TryNext(line, at, out var range); at = range.End.Value)
        {
            if (IsTelling(line[range])) hashes.Add(Hash(line[range]));
        }
    }

    public static int Hash(ReadOnlySpan<char> name) => string.GetHashCode(name, StringComparison.Ordinal);

    public static ImmutableArray<int> Sorted(HashSet<int> hashes) => [.. hashes.Order()];
}
