namespace Infill.Completion.Shaping;

/// <summary>How far a suggestion may reach.</summary>
public enum SuggestionMode
{
    /// <summary>To the end of the cursor's line at most.</summary>
    SingleLine,

    /// <summary>The rest of the cursor's line and whole lines below it.</summary>
    WholeLines,
}

/// <summary>What the user wants suggestions to look like.</summary>
public sealed record ShapingOptions
{
    public static ShapingOptions Default { get; } = new();

    /// <summary>Null leaves it to the cursor's place: single line where text follows it, else whole lines.</summary>
    public SuggestionMode? Mode { get; init; }

    /// <summary>How many lines a suggestion may have, blank ones too; a leading line break is not one of them.</summary>
    public int MaxLines { get; init; } = 24;
}
