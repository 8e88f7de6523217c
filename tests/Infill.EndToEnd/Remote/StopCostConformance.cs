using Infill.Engine;
using Infill.Engine.Remote;
using Infill.Engine.Sampling;
using Infill.Tests.Engine.Conformance;

namespace Infill.EndToEnd.Remote;

/// <summary>A server in a process of its own, which counts its work.</summary>
public abstract class CountingServer : TextServer
{
        public override RemoteRequest Request { get; } = new(SampleCode.Shapes, "\n") { Path = "shapes.py", ScoreTokens = true, Heals = true };

        public override RemoteRequest SureRequest => Request with { Prefix = SampleCode.Shapes + "    def __init__(" };

    /// <summary>Tokens of one text that it may compute after our side has closed its stream.</summary>
    public abstract int MostAfterStop { get; }

    /// <summary>Model calls since it started, by its own count. For one text alone each is a token, the first one the prompt's rest too.</summary>
    public abstract Task<double> StepsAsync();
}

/// <summary>What every backend of text promises, and by the server's own count what a stop costs it.</summary>
public abstract class StopCostConformance(ITestOutputHelper output) : TextConformance
{
    private const int TokensBeforeStop = 4;
    private const int Tokens = 400;

    private CountingServer _server = null!; // made by StartAsync

    protected abstract Task<CountingServer> StartCountingAsync();

    protected sealed override async Task<TextServer> StartAsync() => _server = await StartCountingAsync();

    [Theory]
    [InlineData(FinishReason.Cancelled)]
    [InlineData(FinishReason.Superseded)]
    [InlineData(FinishReason.StopRule)]
    public async Task After_a_stop_the_server_computes_no_more_tokens_than_its_bound(FinishReason reason)
    {
        using var stop = new CancellationTokenSource();
        var endless = _server.Request with { Suffix = "", MaxTokens = Tokens };
        var request = endless with
        {
            StopRule = reason == FinishReason.StopRule ? new Enough(TokensBeforeStop) : null,
            Superseded = reason == FinishReason.Superseded ? stop.Token : default,
        };
        var whole = 0;
        await foreach (var chunk in _server.Pool.GenerateAsync(endless)) whole += chunk.Tokens.Count; // its prompt is cached from here on
        await _server.QuietAsync();

        var before = await _server.StepsAsync();
        var read = 0;
        await foreach (var chunk in _server.Pool.GenerateAsync(request, reason == FinishReason.Cancelled ? stop.Token : default))
        {
            read += chunk.Tokens.Count;
            if (read >= TokensBeforeStop) await stop.CancelAsync();
        }

        await _server.QuietAsync();
        var after = await _server.StepsAsync() - before - read;
        output.WriteLine($"{reason}: {read} tokens read, {after} more computed by the server's own count; {whole} without a stop");
        Assert.True(whole > read + _server.MostAfterStop, $"The whole text has {whole} tokens only.");
        Assert.InRange(after, 0, _server.MostAfterStop);
    }

    private sealed class Enough(int tokens) : IStopRule
    {
        private int _heard;

        public bool IsEnough(ReadOnlySpan<char> text, float logProbability) => ++_heard >= tokens;
    }
}
