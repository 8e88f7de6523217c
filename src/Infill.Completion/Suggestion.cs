using Infill.Engine;

namespace Infill.Completion;

/// <summary>A suggestion as it stands: each is a prefix of the next, and whole enough to be accepted.</summary>
/// <param name="Text">What to insert at the cursor, with the document's line ends; empty where there is nothing to suggest.</param>
/// <param name="Finish"><see cref="FinishReason.None"/> but in the last.</param>
/// <param name="Usage">What it cost the engine of this process; in the last alone.</param>
public sealed record Suggestion(string Text, FinishReason Finish = FinishReason.None, Usage? Usage = null)
{
    /// <summary>In the last, where another server made it: what that said of it.</summary>
    public ReportedUsage? Reported { get; init; }

    /// <summary>In the last, where generation failed: why.</summary>
    public string? Fault { get; init; }

    /// <summary>In the last: how likely the model held each token of the first line, as natural logarithms.</summary>
    public IReadOnlyList<float> Scores { get; init; } = [];

    /// <summary>In the last, where the request asked for <see cref="SuggestionRequest.Candidates"/>: other texts for the place, the likeliest first.</summary>
    public IReadOnlyList<string> Alternatives { get; init; } = [];
}
