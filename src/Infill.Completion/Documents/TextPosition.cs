namespace Infill.Completion.Documents;

/// <summary>The unit in which a client counts characters within a line.</summary>
public enum PositionEncoding
{
    /// <summary>UTF-16 code units: LSP's default, and how <see cref="SourceText"/> itself counts.</summary>
    Utf16,

    /// <summary>UTF-8 code units (bytes). A lone surrogate counts three, as its replacement character would.</summary>
    Utf8,

    /// <summary>UTF-32 code units (code points). A lone surrogate counts one.</summary>
    Utf32,
}

/// <summary>A place in a text as LSP writes it. Both parts count from zero; negative ones lie in no text.</summary>
/// <param name="Line">The line, from 0.</param>
/// <param name="Character">How far into the line, in the units of a <see cref="PositionEncoding"/>.</param>
public readonly record struct TextPosition(int Line, int Character);

/// <summary>The text from <paramref name="Start"/> up to, not including, <paramref name="End"/>.</summary>
public readonly record struct TextRange(TextPosition Start, TextPosition End);
