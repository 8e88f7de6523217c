using Infill.Completion.Documents;

namespace Infill.Completion.Acceptance;

/// <summary>An accepted text that waits for its judgement: whether the user has let it stand.</summary>
/// <param name="Language">Of the document.</param>
/// <param name="Offset">Where it was put.</param>
/// <param name="Text">What was put there.</param>
/// <param name="At">Timestamp.</param>
internal readonly record struct KeptText(string Language, int Offset, string Text, long At)
{
    /// <summary>The text may have moved so far by edits before it.</summary>
    private const int Drift = 4096;

    /// <summary>How many of its characters are still there: all, or those of the lines that are.</summary>
    public int Count(SourceText now)
    {
        var start = Math.Clamp(Offset - Drift, 0, now.Length);
        var around = now.Substring(start, Math.Min(now.Length, Offset + Text.Length + Drift) - start);
        if (around.Contains(Text, StringComparison.Ordinal)) return Text.Length;
        var kept = 0;
        foreach (var line in Text.Split('\n'))
        {
            var words = line.Trim();
            if (words.Length > 0 && around.Contains(words, StringComparison.Ordinal)) kept += words.Length;
        }

        return kept;
    }
}
