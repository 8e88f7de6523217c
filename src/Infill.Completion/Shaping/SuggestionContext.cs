using Infill.Completion.Documents;

namespace Infill.Completion.Shaping;

/// <summary>What stands around the cursor, as far as it decides how a suggestion is cut. Owned by one thread.</summary>
/// <remarks>Of a very long line only the <see cref="MaxLineLength"/> characters next to the cursor are looked at.</remarks>
internal sealed class SuggestionContext
{
    public const int MaxLineLength = 4096;

    /// <summary>A repetition skips blank lines, but text this many lines below is too far away to matter.</summary>
    private const int MaxLinesBelow = 32;

    private const string Closers = ")]}>\"'`;,";

    private readonly SourceText _text;
    private readonly int _cursor;
    private readonly List<FollowingLine> _following = [];
    private readonly int _lastLine;
    private Delimiters? _delimiters;
    private int _nextLine;

    private SuggestionContext(SourceText text, int cursor, ShapingOptions options, CodeLanguage language)
    {
        _text = text;
        Language = language;
        Rules = options.Rules;
        IsMultiLineForced = options.Mode == SuggestionMode.WholeLines;
        var line = text.LineOf(cursor);
        var start = text.LineStart(line);
        var end = text.LineEnd(line);
        cursor = Math.Min(cursor, end); // a cursor inside \r\n stands at the line's end
        _cursor = cursor;
        _nextLine = line + 1;
        _lastLine = Math.Min(line + MaxLinesBelow, text.LineCount - 1);

        var before = Math.Min(cursor - start, MaxLineLength);
        LineBefore = text.Substring(cursor - before, before);
        LineAfter = text.Substring(cursor, Math.Min(end - cursor, MaxLineLength));
        IsTextAfter = !string.IsNullOrWhiteSpace(LineAfter);
        Mode = IsTextAfter ? SuggestionMode.SingleLine : options.Mode ?? SuggestionMode.WholeLines;
        MaxLines = Math.Max(1, options.MaxLines);
    }

    /// <summary>From the line's start to the cursor.</summary>
    public string LineBefore { get; }

    /// <summary>From the cursor to the line's end, without its break.</summary>
    public string LineAfter { get; }

    /// <summary>Whether anything but white space follows the cursor on its line.</summary>
    public bool IsTextAfter { get; }

    /// <summary>Whether more than closing brackets, quotes and separators follows the cursor on its line.</summary>
    public bool IsMidLine => LineAfter.AsSpan().Trim().ContainsAnyExcept(Closers + " \t");

    public SuggestionMode Mode { get; }

    public int MaxLines { get; }

    public LineBreakStyle LineBreakStyle => _text.LineBreakStyle;

    public CodeLanguage Language { get; }

    public ShapingRules Rules { get; }

    /// <summary>Whether the user wants more than a line wherever that is possible.</summary>
    public bool IsMultiLineForced { get; }

    /// <summary>Whether brackets and quotes can be told from the language's writing.</summary>
    public bool HasDelimiters => Language.IsKnown && Rules.Delimiters;

    /// <summary>What brackets and quotes around the cursor ask for. Reads some text, once.</summary>
    public Delimiters Delimiters => _delimiters ??= Delimiters.At(_text, _cursor, Language);

    /// <summary>The column of the nearest text above the cursor's line; null where there is none near.</summary>
    public int? PrecedingIndentation
    {
        get
        {
            var line = _text.LineOf(_cursor);
            for (var above = line - 1; above >= Math.Max(0, line - MaxLinesBelow); above--)
            {
                var start = _text.LineStart(above);
                var text = _text.Substring(start, Math.Min(_text.LineEnd(above) - start, MaxLineLength));
                if (!string.IsNullOrWhiteSpace(text)) return Indentation(text);
            }

            return null;
        }
    }

    /// <param name="text">The document.</param>
    /// <param name="cursor">The cursor's offset in UTF-16 units.</param>
    /// <param name="options">The user's wishes; <see cref="ShapingOptions.Default"/> if null.</param>
    /// <param name="language">What the document is written in; unknown if null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The cursor is not in the text.</exception>
    public static SuggestionContext At(SourceText text, int cursor, ShapingOptions? options = null, CodeLanguage? language = null) =>
        new(text, cursor, options ?? ShapingOptions.Default, language ?? CodeLanguage.Unknown);

    /// <summary>How many round and square brackets a suggestion should leave open (above 0) or close (below 0). Reads some text.</summary>
    public int BracketDebt() => Shaping.BracketDebt.At(_text, _cursor);

    /// <summary>The line number <paramref name="index"/>, from 0, of those below the cursor's that aren't blank; null where none is near.</summary>
    public FollowingLine? Following(int index)
    {
        while (_following.Count <= index)
        {
            if (_nextLine > _lastLine) return null;

            var start = _text.LineStart(_nextLine);
            var line = _text.Substring(start, Math.Min(_text.LineEnd(_nextLine) - start, MaxLineLength));
            _nextLine++;
            if (!string.IsNullOrWhiteSpace(line)) _following.Add(new FollowingLine(line.Trim(), Indentation(line)));
        }

        return _following[index];
    }

    /// <summary>The column of a line's first text, a tab counting four: enough to tell deeper from not deeper.</summary>
    public static int Indentation(ReadOnlySpan<char> line)
    {
        var column = 0;
        foreach (var c in line)
        {
            if (c == '\t') column += 4;
            else if (char.IsWhiteSpace(c)) column++;
            else break;
        }

        return column;
    }

    /// <summary>A line of the document below the cursor, without its leading and trailing white space.</summary>
    internal sealed record FollowingLine(string Text, int Indentation);
}
