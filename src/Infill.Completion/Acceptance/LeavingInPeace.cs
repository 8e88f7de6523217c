namespace Infill.Completion.Acceptance;

/// <summary>Who reads suggestion after suggestion and uses none gets the next ones later, until one is used.</summary>
public static class LeavingInPeace
{
    /// <summary>So many in a row may be in vain.</summary>
    private const int MostIgnored = 5;

    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    /// <param name="ignored">Suggestions in a row that were read and not used.</param>
    /// <returns>How long to wait before the next is made; it doubles with each, up to two seconds.</returns>
    public static TimeSpan After(int ignored)
    {
        if (ignored < MostIgnored) return TimeSpan.Zero;
        var wait = s_first * Math.Pow(2, Math.Min(ignored - MostIgnored, 8));
        return wait < s_longest ? wait : s_longest;
    }
}
