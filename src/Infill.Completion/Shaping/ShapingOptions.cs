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

    /// <summary>Null leaves it to the cursor's place: whole lines as far as its statement or block goes. Where text follows the cursor it is a single line anyway.</summary>
    public SuggestionMode? Mode { get; init; }

    /// <summary>How many lines a suggestion may have, blank ones too; a leading line break is not one of them.</summary>
    public int MaxLines { get; init; } = 24;

    /// <summary>
    /// What is less likely than this, as the mean of its first tokens' log-probabilities, is not shown unless it was asked for by hand.
    /// On held-out places the default leaves out one suggestion in five, of which one in fourteen would have been right.
    /// </summary>
    public double Threshold { get; init; } = Math.Log(0.45);

    /// <summary>Which rules are followed; for evaluation, which tells whether each is worth it.</summary>
    internal ShapingRules Rules { get; init; } = ShapingRules.Default;
}

/// <summary>Rules of shaping that can be left out, to see what each is worth. Those that lose on the evaluation are off.</summary>
internal sealed record ShapingRules
{
    public static ShapingRules Default { get; } = new();

    /// <summary>No bracket or string is closed that isn't the suggestion's to close.</summary>
    public bool Delimiters { get; init; } = true;

    /// <summary>What the suggestion has opened is closed at its end. Needs <see cref="Delimiters"/>.</summary>
    public bool Completion { get; init; } = true;

    /// <summary>It ends where indentation ends its statement, block or paragraph.</summary>
    public bool Scope { get; init; } = true;

    /// <summary>So many characters of the rest of the line said again are the end, whatever follows; 0 means all of it must be.</summary>
    public int RejoinLength { get; init; } = 6;
}
