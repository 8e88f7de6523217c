namespace Infill.Completion.Prompting;

/// <summary>How many tokens the parts of a prompt may have.</summary>
public sealed record PromptOptions
{
    public static PromptOptions Default { get; } = new();

    /// <summary>Tokens of text before the cursor, at most.</summary>
    public int PrefixTokens { get; init; } = 512;

    /// <summary>Tokens of text after the cursor, at most.</summary>
    public int SuffixTokens { get; init; } = 128;

    /// <summary>The same, or both parts made smaller in proportion where they are more than <paramref name="room"/> tokens together.</summary>
    public PromptOptions Within(int room)
    {
        var asked = (long)PrefixTokens + SuffixTokens;
        if (asked <= room) return this;
        var suffix = (int)(Math.Max(room, 0) * SuffixTokens / asked);
        return this with { PrefixTokens = Math.Max(room - suffix, 0), SuffixTokens = suffix };
    }
}
