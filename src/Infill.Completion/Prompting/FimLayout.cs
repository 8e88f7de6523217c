namespace Infill.Completion.Prompting;

/// <summary>A part of a template's layout.</summary>
internal abstract record LayoutPart
{
    /// <summary>A special token, by any of these spellings.</summary>
    public sealed record Marker(IReadOnlyList<string> Spellings) : LayoutPart;

    /// <summary>Text as it stands.</summary>
    public sealed record Literal(string Text) : LayoutPart;

    /// <summary>Text of the prompt, by its name.</summary>
    public sealed record Field(string Name) : LayoutPart;

    /// <summary>Left out where a name in it is unknown, or the model lacks a marker in it.</summary>
    public sealed record Optional(IReadOnlyList<LayoutPart> Parts) : LayoutPart;
}

/// <summary>
/// Reads how templates are written: «marker», or «either or other»; {field}; [left out where a field in it is empty]; all else
/// is text. A marker with a colon is named by its role.
/// </summary>
internal static class FimLayout
{
    private const string Alternative = " or ";

    /// <exception cref="FormatException">Unbalanced: a mistake in the table.</exception>
    public static IReadOnlyList<LayoutPart> Parse(string layout)
    {
        var rest = layout.AsSpan();
        var parts = ParseUntil(ref rest, isOptional: false);
        return rest.IsEmpty ? parts : throw new FormatException($"'{layout}' closes what it has not opened.");
    }

    private static List<LayoutPart> ParseUntil(ref ReadOnlySpan<char> rest, bool isOptional)
    {
        var parts = new List<LayoutPart>();
        while (!rest.IsEmpty)
        {
            switch (rest[0])
            {
                case '«':
                    parts.Add(new LayoutPart.Marker(Enclosed(ref rest, '»').Split(Alternative)));
                    break;
                case '{':
                    parts.Add(new LayoutPart.Field(Enclosed(ref rest, '}')));
                    break;
                case '[':
                    rest = rest[1..];
                    parts.Add(new LayoutPart.Optional(ParseUntil(ref rest, isOptional: true)));
                    break;
                case ']':
                    if (isOptional) rest = rest[1..];
                    return parts;
                default:
                    var end = rest.IndexOfAny("«{[]");
                    if (end < 0) end = rest.Length;
                    parts.Add(new LayoutPart.Literal(rest[..end].ToString()));
                    rest = rest[end..];
                    break;
            }
        }

        return isOptional ? throw new FormatException("A bracket is not closed.") : parts;
    }

    private static string Enclosed(ref ReadOnlySpan<char> rest, char close)
    {
        var end = rest.IndexOf(close);
        if (end < 0) throw new FormatException($"'{rest}' is not closed.");
        var inside = rest[1..end].ToString();
        rest = rest[(end + 1)..];
        return inside;
    }
}
