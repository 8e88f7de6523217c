namespace Infill.Completion.Shaping;

/// <summary>The brackets that are open where a text ends. Strings and comments don't count.</summary>
internal static class BracketStack
{
    /// <summary>Whether every bracket of a text has its partner, in the right order.</summary>
    public static bool IsBalanced(ReadOnlySpan<char> text, CodeLanguage language)
    {
        var scanner = new CodeScanner(language);
        var open = new Stack<char>();
        foreach (var c in text)
        {
            if (c == '\r' || !scanner.Push(c)) continue;
            if (IsOpening(c)) open.Push(c);
            else if (IsClosing(c) && (!open.TryPop(out var opening) || Closing(opening) != c)) return false;
        }

        return open.Count == 0;
    }

    public static bool IsOpening(char c) => c is '(' or '[' or '{';

    public static bool IsClosing(char c) => c is ')' or ']' or '}';

    /// <summary>The partner of an opening bracket.</summary>
    public static char Closing(char opening) => opening switch { '(' => ')', '[' => ']', _ => '}' };
}
