using BenchmarkDotNet.Attributes;
using Infill.Engine;
using Infill.Engine.Lifetime;
using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Benchmarks.Engine;

/// <summary>The engine's own time and memory for a step: planning, sampling, detokenizing, handing the text over.</summary>
/// <remarks>
/// Beside a model's step, of 4.5 ms at batch 1 and some 60 ms at batch 32 (default model, 2 cores), it is to be less than 2 %
/// and 5 %. Nobody reads meanwhile, so where tokens have text it piles up, five characters each: that is all that may be allocated.
/// </remarks>
[MemoryDiagnoser]
[SimpleJob(warmupCount: 3, iterationCount: 8, invocationCount: Steps)]
public class EngineLoopBenchmarks : IDisposable
{
    private const int Steps = 4096;
    private const int ContextTokens = Steps * 32;

    private EngineInbox _inbox = null!; // these two are made by Setup
    private EngineLoop _loop = null!;

    [Params(1, 32)]
    public int Batch { get; set; }

    [Params(0f, 0.8f)]
    public float Temperature { get; set; }

    [Params("", "word ")]
    public string Piece { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _inbox = new EngineInbox();
        var options = new EngineOptions { MaxRunning = 32, Speculation = false };
        var contexts = new ContextLife(new FreeRunner(32, ContextTokens, Piece), options, _inbox, static () => { }, TimeProvider.System, NullLogger.Instance);
        _loop = new EngineLoop(contexts, options, _inbox, TimeProvider.System, NullLogger.Instance);
        for (var i = 0; i < Batch; i++)
        {
            var request = new GenerationRequest([.. Enumerable.Repeat(100 + i, 600)])
            {
                MaxTokens = ContextTokens - 600,
                Sampling = new SamplingOptions { Temperature = Temperature },
            };
            _inbox.TrySubmit(new Ticket(request, _inbox, TimeProvider.System.GetTimestamp()));
        }

        for (var i = 0; i < 64 + Batch; i++) _loop.RunOnce();
    }

    [Benchmark]
    public void Step() => _loop.RunOnce();

    [GlobalCleanup]
    public void Dispose()
    {
        _loop.Dispose();
        _inbox.Dispose();
        GC.SuppressFinalize(this);
    }
}
