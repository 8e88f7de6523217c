namespace Infill.Completion.Prompting;

/// <summary>How many tokens the parts of a prompt may have, and how long they may take.</summary>
public sealed record PromptOptions
{
    public static PromptOptions Default { get; } = new();

    /// <summary>Tokens of text before the cursor, at most.</summary>
    public int PrefixTokens { get; init; } = 512;

    /// <summary>Tokens of text after the cursor, at most.</summary>
    public int SuffixTokens { get; init; } = 256;

    /// <summary>
    /// The same where the template has it behind the text being typed, so that every key computes it again: the nearest lines
    /// say most of what follows.
    /// </summary>
    public int TrailingSuffixTokens { get; init; } = 48;

    /// <summary>Tokens of other files' chunks, with their names, at most; 0 for none. The first to go where there is no room or no time.</summary>
    public int ContextTokens { get; init; } = 384;

    /// <summary>
    /// Whether the word before the cursor is left out of the prompt and asked of the model instead, so that its tokens are those
    /// that whole words have. What is shown begins at the cursor all the same.
    /// </summary>
    public bool Healing { get; init; } = true;

    /// <summary>
    /// How long an automatic suggestion may wait for its prompt. At a place whose text the cache lacks it is made from less text,
    /// so that it comes in time, and the whole is computed behind it for the next one.
    /// </summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>All of the document's texts as much smaller, and no other file's.</summary>
    public PromptOptions DividedBy(int divisor) => this with { ContextTokens = 0, PrefixTokens = PrefixTokens / divisor, SuffixTokens = SuffixTokens / divisor, TrailingSuffixTokens = TrailingSuffixTokens / divisor };

    /// <summary>The same in <paramref name="room"/> tokens: other files go first, then both parts are made smaller in proportion.</summary>
    public PromptOptions Within(int room)
    {
        var asked = (long)PrefixTokens + SuffixTokens;
        if (asked <= room) return this with { ContextTokens = (int)Math.Min(ContextTokens, room - asked) };
        var suffix = (int)(Math.Max(room, 0) * SuffixTokens / asked);
        return this with { PrefixTokens = Math.Max(room - suffix, 0), SuffixTokens = suffix, ContextTokens = 0 };
    }
}
