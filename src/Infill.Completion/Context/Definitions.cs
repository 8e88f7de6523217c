using System.Collections.Frozen;

namespace Infill.Completion.Context;

/// <summary>Which names a line of code defines: by words that introduce a name and by the shape of the line, whatever the language.</summary>
/// <remarks>A guess, and a cheap one: one wrongly taken for a definition costs a place in a prompt, no more.</remarks>
internal static class Definitions
{
    private static readonly FrozenSet<string> s_introducers = FrozenSet.Create(
        StringComparer.Ordinal,
        "class", "struct", "interface", "enum", "record", "def", "func", "fn", "function", "fun", "type", "trait", "union", "define", "module", "mod", "object", "typedef");

    /// <summary>Of locals too, so they count at a file's top level only.</summary>
    private static readonly FrozenSet<string> s_variables = FrozenSet.Create(StringComparer.Ordinal, "const", "let", "var", "val", "static");

    private static readonly FrozenSet<string> s_modifiers = FrozenSet.Create(
        StringComparer.Ordinal, "public", "private", "protected", "internal", "pub", "export", "static", "readonly", "abstract", "async", "get", "set", "override", "virtual");

    /// <summary>Words before a call: what looks like a type before a name is none.</summary>
    private static readonly FrozenSet<string> s_callers = FrozenSet.Create(
        StringComparer.Ordinal,
        "return", "new", "await", "throw", "else", "in", "not", "and", "or", "is", "if", "elif", "while", "for", "case", "yield", "do", "typeof", "delete", "defer", "go",
        "raise", "assert", "except", "from", "import", "where", "when", "as", "using", "switch", "catch", "match", "with", "lambda", "print", "del", "foreach", "lock");

    /// <summary>Adds the hashes of the names that a line defines.</summary>
    public static void AddTo(HashSet<int> defined, ReadOnlySpan<char> line)
    {
        var trimmed = line.Trim();
        if (trimmed.Length == 0 || trimmed.StartsWith("//") || trimmed.StartsWith("* ")) return;
        var isTop = !char.IsWhiteSpace(line[0]);
        var before = Range.All; // the word before; unused until there is one
        var hasBefore = false;
        var isMember = true; // only modifiers stand before
        for (var at = 0; Identifiers.TryNext(trimmed, at, out var word); at = word.End.Value)
        {
            var isDefined = hasBefore
                ? IsIntroduced(trimmed, before, word, isTop) || (isMember && IsHead(trimmed, word))
                : IsHead(trimmed, word) || (isTop && IsAssigned(trimmed, word));
            if (isDefined && Identifiers.IsTelling(trimmed[word])) defined.Add(Identifiers.Hash(trimmed[word]));
            isMember &= Contains(s_modifiers, trimmed[word]);
            (before, hasBefore) = (word, true);
            if (IsBodyBegun(trimmed, word)) break;
        }

        AddMember(defined, trimmed);
    }

    /// <summary><c>class Name</c>, <c>int Name(</c>, <c>func (r *T) Name(</c>.</summary>
    private static bool IsIntroduced(ReadOnlySpan<char> line, Range before, Range word, bool isTop)
    {
        var between = line[before.End..word.Start].Trim();
        var isCall = Follows(line, word) == '(';
        if (between.Length == 0 || between is "*" or "&" or "**" or "?" or ">" or "[]" or "#")
        {
            if (Contains(s_introducers, line[before])) return true;
            if (Contains(s_variables, line[before])) return isTop;
            return isCall && !Contains(s_callers, line[before]);
        }

        return isCall && between is ")" && line.StartsWith("func ");
    }

    /// <summary><c>name(…) {</c> as the first word of a line: a method of JavaScript's kind.</summary>
    private static bool IsHead(ReadOnlySpan<char> line, Range word) =>
        Follows(line, word) == '(' && line[^1] == '{' && !Contains(s_callers, line[word]) && (word.Start.Value == 0 || line[word.Start.Value - 1] == ' ');

    /// <summary><c>NAME = …</c> at the top of a file.</summary>
    private static bool IsAssigned(ReadOnlySpan<char> line, Range word)
    {
        var rest = line[word.End..].TrimStart();
        return word.Start.Value == 0 && rest.Length > 1 && ((rest[0] == '=' && rest[1] != '=') || rest.StartsWith(":=") || (rest[0] == ':' && rest.Contains('=')));
    }

    /// <summary>What follows is a value or a body, and defines nothing that others can use.</summary>
    private static bool IsBodyBegun(ReadOnlySpan<char> line, Range word) => Follows(line, word) is '(' or '=' or '{' && !line.StartsWith("func (");

    /// <summary><c>public T Name {</c>, <c>private readonly T _name;</c>, <c>self.name = …</c>.</summary>
    private static void AddMember(HashSet<int> defined, ReadOnlySpan<char> line)
    {
        if (line.StartsWith("self."))
        {
            if (Identifiers.TryNext(line, "self.".Length, out var field) && line[field.End..].TrimStart().StartsWith("= ") && Identifiers.IsTelling(line[field])) defined.Add(Identifiers.Hash(line[field]));
            return;
        }

        if (!Identifiers.TryNext(line, 0, out var first) || !Contains(s_modifiers, line[first])) return;
        var end = line.IndexOfAny("={;(");
        if (end <= 0 || line[end] == '(') return;
        var head = line[..end].TrimEnd();
        var start = head.Length;
        while (start > 0 && Identifiers.IsPart(head[start - 1])) start--;
        if (Identifiers.IsTelling(head[start..])) defined.Add(Identifiers.Hash(head[start..]));
    }

    private static char Follows(ReadOnlySpan<char> line, Range word)
    {
        var rest = line[word.End..].TrimStart();
        if (rest.Length > 0 && rest[0] == '<' && rest.IndexOf('>') is var close and > 0) rest = rest[(close + 1)..]; // a generic's parameters
        return rest.Length > 0 ? rest[0] : '\0';
    }

    private static bool Contains(FrozenSet<string> words, ReadOnlySpan<char> word) => words.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word);
}
