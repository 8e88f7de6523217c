using System.Runtime.InteropServices;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Server.Benchmarking.Load;
using Infill.Server.Benchmarking.Peers;
using Infill.Server.Benchmarking.Traces;
using Infill.Server.Benchmarking.Typing;

namespace Infill.Server.Benchmarking;

/// <summary>Runs the parts that were asked for, one after another: two sides that compute at once on the same cores only measure each other.</summary>
internal static class BenchRun
{
    /// <summary>What can be asked for, in the order in which it is run.</summary>
    public static IReadOnlyList<string> PartNames { get; } = ["bare", "typing", "tempo", "concurrency", "arrival", "stop", "copy"];

    /// <exception cref="PeerException">A peer is not there, or serves another model.</exception>
    /// <exception cref="EngineException">Our model could not be loaded.</exception>
    public static async Task<BenchReport> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        var sides = new List<BenchSide> { new(BenchReport.Ours, $"{Handlers.LifecycleHandler.Version}, llama.cpp {LlamaLibrary.PinnedVersion}, {context.Settings.Engine.Threads} threads") };
        string model;
        using (var weights = context.LoadModel())
        {
            model = $"{weights.ModelName}, {weights.Description}";
            foreach (var peer in context.Peers)
            {
                await CheckAsync(peer, weights, cancellationToken);
                sides.Add(new BenchSide(peer.Name, $"llama-server {peer.Properties.BuildInfo} at {peer.Peer.Url}, {peer.Properties.TotalSlots} slots"));
            }
        }

        var parts = await CollectAsync(PartNames.Where(context.Options.Parts.Contains), name =>
        {
            context.Progress(name);
            return RunAsync(name, context, cancellationToken);
        });
        return new BenchReport($"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores", model, sides, parts);
    }

    /// <summary>What one part's failure costs is that part: the others took minutes. An interruption ends the run with what there is.</summary>
    internal static async Task<IReadOnlyList<PartResult>> CollectAsync(IEnumerable<string> names, Func<string, Task<PartResult>> run)
    {
        var parts = new List<PartResult>();
        foreach (var name in names)
        {
            try
            {
                parts.Add(await run(name));
            }
            catch (Exception e) when (e is PeerException or EngineException)
            {
                parts.Add(new PartResult(name, "not measured") { Failure = e.Message });
            }
            catch (OperationCanceledException)
            {
                parts.Add(new PartResult(name, "not measured") { Failure = "Interrupted." });
                break;
            }
        }

        return parts;
    }

    private static Task<PartResult> RunAsync(string part, BenchContext context, CancellationToken cancellationToken) => part switch
    {
        "bare" => new BarePart(context).RunAsync(cancellationToken),
        "typing" => new TypingPart(context).RunAsync(cancellationToken),
        "tempo" => new TempoPart(context).RunAsync(cancellationToken),
        "concurrency" => new ConcurrencyPart(context).RunAsync(cancellationToken),
        "arrival" => new ArrivalPart(context).RunAsync(cancellationToken),
        "stop" => new StopPart(context).RunAsync(cancellationToken),
        "copy" => new CopyPart(context).RunAsync(cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, "Not one of PartNames."),
    };

    /// <summary>Ratios mean something only between servers of the same model.</summary>
    private static async Task CheckAsync(PeerClient peer, LlamaModel weights, CancellationToken cancellationToken)
    {
        await peer.ConnectAsync(cancellationToken);
        var text = TraceFile.All[0].Text;
        var ours = new List<int>();
        weights.Tokenize(text, ours);
        if (!ours.SequenceEqual(await peer.TokenizeAsync(text, cancellationToken)))
        {
            throw new PeerException($"{peer.Name} ({peer.Peer.Url}) serves another model: its tokens differ. Start it with the same GGUF file.");
        }
    }
}
