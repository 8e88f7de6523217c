using Infill.Server.Benchmarking.Peers;

namespace Infill.Server.Benchmarking;

/// <summary>What to measure, and how long.</summary>
internal sealed record BenchOptions
{
    /// <summary>By the names in <see cref="BenchRun.PartNames"/>.</summary>
    public required IReadOnlyList<string> Parts { get; init; }

    public IReadOnlyList<Peer> Peers { get; init; } = [];

    /// <summary>How often the sides take turns.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Keys typed in each file, over all rounds.</summary>
    public int Keys { get; init; } = 200;

    /// <summary>How many requests at once, one after another.</summary>
    public IReadOnlyList<int> Streams { get; init; } = [1, 2, 4, 8, 16, 32];

    /// <summary>Tokens of each text where many are made at once.</summary>
    public int Tokens { get; init; } = 48;

    /// <summary>Tokens of the prompt that arrives beside another, and of those that are stopped while they are computed.</summary>
    public int LongPrompt { get; init; } = 2000;

    /// <summary>Prompts of each kind that guessing ahead is measured with.</summary>
    public int Prompts { get; init; } = 100;
}
