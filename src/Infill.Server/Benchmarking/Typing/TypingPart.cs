using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Typing;

/// <summary>Keys that each wait for their answer: how long it takes from a key to text, and to a whole line.</summary>
internal sealed class TypingPart(BenchContext context)
{
    /// <summary>Between an answer and the next key, so that the answer's own end is no part of what comes.</summary>
    private static readonly TimeSpan Thought = TimeSpan.FromMilliseconds(15);

    private readonly Row _firstText = new("keystroke → first text", "ms", Bare: BareSpeed.Decode);
    private readonly Row _firstLine = new("keystroke → complete first line", "ms", Bare: BareSpeed.Decode);
    private readonly Row _computed = new("prompt tokens computed per key", "tokens");
    private readonly Row _nothing = new("keys answered with 'nothing'", "%");

    public async Task<PartResult> RunAsync(CancellationToken cancellationToken)
    {
        var result = new PartResult("typing", $"{TraceFile.All.Count} files, {context.Options.Keys} keys in each, the next key after the answer");
        result.Rows.AddRange([_firstText, _firstLine, _computed, _nothing]);
        result.Notes.Add("infill's first text is its engine's first chunk, its first line comes through LSP; a peer's are read from one stream of /infill.");
        result.Notes.Add("A line is there when its last visible sign is, on every side; a key that waits for a break behind it would time the next line too.");
        result.Notes.Add("Completion cache and look-ahead: off.");

        await using var sides = await TypingSides.StartAsync(context, withEngine: true, cancellationToken);
        await sides.RunAsync(PressAllAsync, cancellationToken);
        return result;
    }

    private async Task PressAllAsync(TypingTurn turn, CancellationToken cancellationToken)
    {
        var nothing = 0;
        foreach (var key in turn.Keys)
        {
            var answer = await turn.Typist.PressAsync(turn.Trace, key, cancellationToken);
            await Task.Delay(Thought, cancellationToken);
            if (turn.IsWarmUp) continue;

            // Our engine tells of the first text and the prompt, our server of the line; a peer's one stream tells all.
            var isEngine = turn.Typist is EngineTypist;
            var isServer = turn.Typist is LspTypist;
            if (!isServer && answer.FirstText is { } text) _firstText[turn.Typist.Side].Add(turn.Round, text);
            if (!isEngine && answer.FirstLine is { } line) _firstLine[turn.Typist.Side].Add(turn.Round, line);
            if (answer.ComputedTokens is { } computed) _computed[turn.Typist.Side].Add(turn.Round, computed);
            if (answer.IsNothing) nothing++;
        }

        if (!turn.IsWarmUp && turn.Typist is not EngineTypist) _nothing[turn.Typist.Side].Add(turn.Round, 100.0 * nothing / turn.Keys.Count);
    }
}
