using System.Diagnostics;
using System.Text.Json;
using Infill.Engine;
using Infill.Engine.Llama;

namespace Infill.Server.Benchmarking.Bare;

/// <summary>The bare loop in a process of its own. One run at a time.</summary>
/// <remarks>
/// In the engine's process it got in the way of what it is the yardstick of: on a GPU our steps were longer for good once it had
/// run (3.45 → 3.72 ms, eight texts of 1.5 billion parameters on an H200), even with its context gone, and its own were not.
/// </remarks>
internal sealed class BareLoopChild : IAsyncDisposable
{
    private readonly Process _process;

    private BareLoopChild(Process process) => _process = process;

    /// <summary>Starts it; the model loads while others do something else.</summary>
    /// <param name="context">Whose model and threads it uses.</param>
    /// <param name="sequences">Most prompts of a run.</param>
    /// <param name="tokensPerSequence">Most tokens of one, prompt and generated together.</param>
    /// <exception cref="EngineException">There is no process to be had.</exception>
    public static BareLoopChild Start(BenchContext context, int sequences, int tokensPerSequence)
    {
        var settings = context.Settings;
        var start = OwnProgram.StartOf(
            "bench", "bare-loop", "--model", settings.ModelPath, "--sequences", $"{sequences}", "--tokens", $"{tokensPerSequence}",
            "--threads", $"{settings.Engine.Threads}", "--replicas", $"{settings.Engine.Replicas}");
        start.RedirectStandardInput = true; // it ends when this does
        start.RedirectStandardOutput = true;
        try
        {
            return new BareLoopChild(Process.Start(start)!);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new EngineException($"The bare loop's process can't be started: {e.Message}", e);
        }
    }

    /// <summary>As <see cref="LlamaBareLoop.Run"/>; the times are the child's own.</summary>
    /// <param name="prompts">Token ids, special ones included.</param>
    /// <param name="tokens">Tokens to generate for each.</param>
    /// <param name="cancellationToken">Ends the wait, and the child is of no use any more.</param>
    /// <exception cref="EngineException">It could not be run, or its process is gone.</exception>
    public async Task<BareRun> RunAsync(IReadOnlyList<IReadOnlyList<int>> prompts, int tokens, CancellationToken cancellationToken)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new BareRequest(prompts, tokens), BareJsonContext.Default.BareRequest).AsMemory(), cancellationToken);
            await _process.StandardInput.FlushAsync(cancellationToken);
        }
        catch (IOException)
        {
            // It has ended: what it said before that tells why.
        }

        while (await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (!line.StartsWith('{')) continue; // libraries may print too
            var answer = JsonSerializer.Deserialize(line, BareJsonContext.Default.BareAnswer)!;
            if (answer.Fault is { } fault) throw new EngineException($"The bare loop failed: {fault}");
            return new BareRun(TimeSpan.FromSeconds(answer.PrefillSeconds), TimeSpan.FromSeconds(answer.DecodeSeconds));
        }

        throw new EngineException("The bare loop's process ended before it had answered.");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
