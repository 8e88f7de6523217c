namespace Infill.Evaluation.Measures;

/// <summary>How alike two texts are: 1 less Levenshtein's distance as a share of the longer one.</summary>
internal static class EditSimilarity
{
    /// <summary>Longer texts are compared by their beginnings: the time grows with the square.</summary>
    private const int MostLength = 2_000;

    public static double Of(string left, string right)
    {
        var a = left.AsSpan(0, Math.Min(left.Length, MostLength));
        var b = right.AsSpan(0, Math.Min(right.Length, MostLength));
        var longer = Math.Max(a.Length, b.Length);
        return longer == 0 ? 1 : 1 - ((double)Distance(a, b) / longer);
    }

    private static int Distance(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[b.Length];
    }
}
