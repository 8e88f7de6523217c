using Infill.Engine.Llama;
using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Typing;

/// <summary>One side's turn: some keys of one trace.</summary>
/// <param name="Typist">Whose turn.</param>
/// <param name="Trace">The document.</param>
/// <param name="Keys">In order, from where the side's last turn in this trace ended.</param>
/// <param name="Round">From 0.</param>
/// <param name="IsWarmUp">Nothing of it counts: code gets compiled, and the document's first prompt computed.</param>
internal sealed record TypingTurn(ITypist Typist, TypingTrace Trace, IReadOnlyList<TraceKey> Keys, int Round, bool IsWarmUp);

/// <summary>All sides that type, taking turns trace by trace and round by round.</summary>
internal sealed class TypingSides : IAsyncDisposable
{
    private const int WarmUpKeys = 5;

    private readonly BenchContext _context;
    private readonly LlamaModel _model; // its vocabulary cuts the peers' windows
    private readonly List<ITypist> _typists = [];

    private TypingSides(BenchContext context)
    {
        _context = context;
        _model = context.LoadModel();
    }

    /// <param name="context">Who is measured.</param>
    /// <param name="withEngine">Whether our engine types too, beside our server.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<TypingSides> StartAsync(BenchContext context, bool withEngine, CancellationToken cancellationToken)
    {
        var sides = new TypingSides(context);
        try
        {
            if (withEngine)
            {
                var engine = await context.StartEngineAsync(context.Settings.Engine, cancellationToken);
                sides._typists.Add(new EngineTypist(engine, sides._model, context.Settings));
            }

            sides._typists.Add(new LspTypist(await LspChild.StartAsync(context.Settings.ModelPath)));
            sides._typists.AddRange(context.Peers.Select(peer => new PeerTypist(peer, sides._model, context.Settings)));
            return sides;
        }
        catch
        {
            await sides.DisposeAsync();
            throw;
        }
    }

    /// <summary>Types all traces to their ends, each side its own copy of each.</summary>
    public async Task RunAsync(Func<TypingTurn, CancellationToken, Task> press, CancellationToken cancellationToken)
    {
        var options = _context.Options;
        TypingTrace[] traces = [.. TraceFile.All.Select(file => new TypingTrace(file, options.Keys + WarmUpKeys))];
        foreach (var trace in traces)
        {
            await TakeTurnsAsync(trace, trace.Keys.Take(WarmUpKeys), round: 0, isWarmUp: true);
        }

        for (var round = 0; round < options.Rounds; round++)
        {
            var from = WarmUpKeys + (options.Keys * round / options.Rounds);
            var to = WarmUpKeys + (options.Keys * (round + 1) / options.Rounds);
            foreach (var trace in traces)
            {
                await TakeTurnsAsync(trace, trace.Keys.Take(to).Skip(from), round, isWarmUp: false);
            }
        }

        async Task TakeTurnsAsync(TypingTrace trace, IEnumerable<TraceKey> keys, int round, bool isWarmUp)
        {
            TraceKey[] pressed = [.. keys];
            _context.Progress($"typing, {(isWarmUp ? "warm-up" : $"round {round + 1} of {options.Rounds}")}, {trace.File.Name}");
            foreach (var typist in _typists)
            {
                if (isWarmUp) await typist.OpenAsync(trace);
                await press(new TypingTurn(typist, trace, pressed, round, isWarmUp), cancellationToken);
                await BenchContext.PauseAsync(cancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var typist in _typists) await typist.DisposeAsync();
        _model.Dispose();
    }
}
