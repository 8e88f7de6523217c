using Infill.Completion.Documents;

namespace Infill.Completion.Shaping;

/// <summary>What the brackets and quotes around a cursor ask of a suggestion. Immutable.</summary>
/// <remarks>
/// Brackets that are open at the cursor are matched with those that the text behind it closes. What stays open is owed: the
/// suggestion may close it. What is closed without having been opened is surplus: the suggestion may leave it open. Those at a
/// line's start are matched by their column, so that one missing elsewhere doesn't confuse all others.
/// </remarks>
internal sealed class Delimiters
{
    /// <summary>How far to look to either side, in characters.</summary>
    private const int Window = 32 * 1024;

    private Delimiters(CodeScanner atCursor, char toggled, ReadOnlySpan<char> after, IReadOnlyList<char> owed, IReadOnlyList<char> surplus)
    {
        AtCursor = atCursor;
        TogglesString = toggled != '\0';
        if (TogglesString && !atCursor.IsInString && OpensSurely(toggled, after, atCursor)) Opens = toggled;
        HasHalfQuoteBehind = (after.Length - after.TrimStart('"').Length) % 2 == 1;
        Owed = owed;
        Surplus = surplus;
    }

    /// <summary>Has read what stands before the cursor.</summary>
    public CodeScanner AtCursor { get; }

    /// <summary>Whether a suggestion has to close the string that the cursor is in, or to open the one that ends behind it.</summary>
    public bool TogglesString { get; }

    /// <summary>The quote that has to open the string that ends behind the cursor; \0 where there is none, or where that is not sure.</summary>
    public char Opens { get; }

    /// <summary>Whether a verbatim string that the cursor is in ends right behind it.</summary>
    public bool HasHalfQuoteBehind { get; }

    /// <summary>Closing brackets that a suggestion may begin no bracket for, in their order.</summary>
    public IReadOnlyList<char> Owed { get; }

    /// <summary>Closing brackets behind the cursor for what a suggestion may leave open, in their order.</summary>
    public IReadOnlyList<char> Surplus { get; }

    public static Delimiters At(SourceText text, int cursor, CodeLanguage language)
    {
        var start = cursor <= Window ? 0 : text.LineStart(text.LineOf(cursor - Window));
        if (cursor - start > 2 * Window) start = cursor - Window; // a line beyond all measure
        var scanner = new CodeScanner(language);
        var open = Open(text.Substring(start, cursor - start), ref scanner);

        var after = text.Substring(cursor, Math.Min(Window, text.Length - cursor));
        var (toggled, behind) = StepOverSuggestion(after, scanner);
        var closing = Closing(after, behind);
        var (owed, surplus) = Match(open, closing, isWhole: cursor + after.Length == text.Length);
        return new Delimiters(scanner, toggled, after, owed, surplus);
    }

    private static List<Bracket> Open(string before, ref CodeScanner scanner)
    {
        var open = new List<Bracket>();
        var column = new LineColumn();
        foreach (var c in before)
        {
            column.Push(c);
            if (c == '\r' || !scanner.Push(c)) continue;
            if (BracketStack.IsOpening(c)) open.Add(new Bracket(c, column.Indentation, IsFirst: false));
            else if (BracketStack.IsClosing(c) && Partner(open, new Bracket(c, column.Indentation, column.IsFirst(c))) is >= 0 and var partner) open.RemoveRange(partner, open.Count - partner);
        }

        return open;
    }

    /// <summary>The quotes on the rest of the line tell whether a suggestion opens or closes a string (\0: neither), and in which state it hands over.</summary>
    private static (char Toggled, CodeScanner Behind) StepOverSuggestion(ReadOnlySpan<char> after, CodeScanner scanner)
    {
        var line = RestOfLine(after);
        if (scanner is { IsInString: true, IsInLineString: false }) return (after.Contains(scanner.Quote) ? '\0' : scanner.Quote, scanner); // one over lines
        if (EndsInCode(line, scanner)) return ('\0', scanner);

        var toggled = scanner;
        var quote = scanner.IsInLineString ? scanner.Quote : line.IndexOfAny("\"'`") is >= 0 and var first ? line[first] : '\0';
        if (quote == '\0') return ('\0', scanner); // a comment
        toggled.Push(quote);
        return EndsInCode(line, toggled) ? (quote, toggled) : ('\0', scanner);
    }

    private static ReadOnlySpan<char> RestOfLine(ReadOnlySpan<char> after) => after[..(after.IndexOfAny('\r', '\n') is >= 0 and var end ? end : after.Length)];

    private static bool EndsInCode(ReadOnlySpan<char> line, CodeScanner scanner) => !After(line, scanner).IsInLineString;

    /// <summary>What a scanner knows once it has read a text too.</summary>
    private static CodeScanner After(ReadOnlySpan<char> text, CodeScanner scanner)
    {
        foreach (var c in text) scanner.Push(c);
        return scanner;
    }

    /// <summary>Whether the rest of the line is code at its end once its string is opened, and the quote no apostrophe, as in "don't".</summary>
    private static bool OpensSurely(char quote, ReadOnlySpan<char> after, CodeScanner scanner)
    {
        var line = RestOfLine(after);
        scanner.Push(quote);
        if (After(line, scanner).IsInString) return false;

        var at = quote == '\'' ? line.IndexOf(quote) : -1;
        return !(at > 0 && at + 1 < line.Length && char.IsLetter(line[at - 1]) && char.IsLetter(line[at + 1]));
    }

    /// <summary>Closing brackets that <paramref name="after"/> has no opening ones for.</summary>
    private static List<Bracket> Closing(string after, CodeScanner scanner)
    {
        var closing = new List<Bracket>();
        var own = new List<Bracket>();
        var column = new LineColumn();
        column.Push('x'); // the cursor's own line has text before it, as far as is known here
        foreach (var c in after)
        {
            column.Push(c);
            if (c == '\r' || !scanner.Push(c)) continue;
            if (BracketStack.IsOpening(c))
            {
                own.Add(new Bracket(c, column.Indentation, IsFirst: false));
            }
            else if (BracketStack.IsClosing(c))
            {
                var bracket = new Bracket(c, column.Indentation, column.IsFirst(c));
                if (Partner(own, bracket) is >= 0 and var partner) own.RemoveRange(partner, own.Count - partner);
                else closing.Add(bracket);
            }
        }

        return closing;
    }

    private static (List<char> Owed, List<char> Surplus) Match(List<Bracket> open, List<Bracket> closing, bool isWhole)
    {
        var surplus = new List<char>();
        var isClosed = new bool[open.Count];
        var left = open.ToList();
        var outermost = open.Count; // the lowest that is known to be closed or skipped over
        foreach (var bracket in closing)
        {
            var partner = Partner(left, bracket);
            if (partner < 0)
            {
                if (outermost == open.Count) surplus.Add(bracket.Sign);
                continue;
            }

            isClosed[partner] = true;
            outermost = partner;
            left.RemoveRange(partner, left.Count - partner);
        }

        // Alike brackets next to each other are as good as one another: of two with one that closes, one is owed.
        var owed = new List<char>();
        var known = isWhole ? 0 : outermost;
        for (var top = open.Count - 1; top >= known;)
        {
            var sign = open[top].Sign;
            var (alike, unclosed) = (0, 0);
            for (; top >= known && open[top].Sign == sign; top--, alike++) unclosed += isClosed[top] ? 0 : 1;
            owed.AddRange(Enumerable.Repeat(BracketStack.Closing(sign), unclosed));
            if (unclosed < alike) break;
        }

        return (owed, surplus);
    }

    /// <summary>Which of the open brackets a closing one belongs to; -1 where there is none.</summary>
    private static int Partner(List<Bracket> open, Bracket closing)
    {
        if (closing.IsFirst)
        {
            var inColumn = open.FindLastIndex(bracket => BracketStack.Closing(bracket.Sign) == closing.Sign && bracket.Indentation == closing.Indentation);
            if (inColumn >= 0) return inColumn;
        }

        return open.FindLastIndex(bracket => BracketStack.Closing(bracket.Sign) == closing.Sign);
    }

    /// <param name="Sign">Itself.</param>
    /// <param name="Indentation">Of its line.</param>
    /// <param name="IsFirst">Whether it is the first sign on its line.</param>
    private readonly record struct Bracket(char Sign, int Indentation, bool IsFirst);

    /// <summary>Follows where on its line a character stands.</summary>
    private struct LineColumn
    {
        private int _texts;

        public int Indentation { get; private set; }

        public void Push(char c)
        {
            if (c == '\n') (_texts, Indentation) = (0, 0);
            else if (!char.IsWhiteSpace(c)) _texts++;
            else if (_texts == 0) Indentation += c == '\t' ? 4 : 1;
        }

        public readonly bool IsFirst(char c) => _texts == 1 && !char.IsWhiteSpace(c);
    }
}
