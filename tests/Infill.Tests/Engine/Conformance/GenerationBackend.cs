using Infill.Engine;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Engine.Conformance;

/// <summary>Where in its life a request is caught.</summary>
public enum Stage
{
    /// <summary>Another one has the only place.</summary>
    Waiting,

    /// <summary>In the middle of the prompt.</summary>
    Prefill,

    /// <summary>After some tokens of text.</summary>
    Decode,
}

/// <summary>One backend under test: it runs one request at a time and lets one wait, and computes 16 tokens of a prompt in a step.</summary>
/// <remarks>A remote one derives from it with a server of its own, whose answers it can hold.</remarks>
internal abstract class GenerationBackend : IAsyncDisposable
{
    /// <summary>Prompt tokens of a step.</summary>
    public const int StepTokens = 16;

    /// <summary>The clock that deadlines are measured by.</summary>
    public ManualTime Time { get; } = new();

    /// <summary>More than two steps' worth of prompt; a different one for each kind.</summary>
    public abstract IReadOnlyList<int> Prompt(char kind = 'a');

    public abstract IAsyncEnumerable<GenerationChunk> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default);

    /// <summary>Holds the backend in the step of that number, counted from here.</summary>
    public abstract Gate HoldStep(int number);

    /// <summary>From the next step on, every step fails.</summary>
    public abstract void Fail();

    /// <summary>From the next step on, the text ends.</summary>
    public abstract void EndText();

    /// <summary>Asserts that no request is left and nothing is held for one.</summary>
    public abstract Task AssertQuietAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>The number of the step in which a request that begins now is at that stage.</summary>
    public static int StepOf(Stage stage, int promptTokens) => stage == Stage.Prefill ? 2 : ((promptTokens + StepTokens - 1) / StepTokens) + 4;
}
