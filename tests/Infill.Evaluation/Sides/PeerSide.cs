using System.Diagnostics;
using Infill.Evaluation.Places;
using Infill.Server.Benchmarking.Peers;

namespace Infill.Evaluation.Sides;

/// <summary>A llama-server's <c>/infill</c>, raw: greedy, with the windows that llama.vim cuts, and nothing done to its answer.</summary>
internal sealed class PeerSide(PeerClient client) : ISide
{
    private const int LinesBefore = 256;
    private const int LinesAfter = 64;
    private const int MaxTokens = 128; // llama.vim's

    public string Name => client.Name;

    public string What => $"{client.Peer.Url}, {client.Properties.BuildInfo}";

    public async Task<Answer> AskAsync(Place place, CancellationToken cancellationToken)
    {
        var before = Place.Lf(place.Before).Split('\n');
        var after = Place.Lf(place.After).Split('\n');
        var request = new PeerInfill(
            string.Concat(before[..^1].TakeLast(LinesBefore).Select(static line => line + "\n")),
            string.Join('\n', after.Take(LinesAfter + 1)) + "\n",
            before[^1])
        {
            MaxTokens = MaxTokens,
            NProbs = 1,
        };

        var asked = Stopwatch.GetTimestamp();
        var answer = await client.InfillAsync(request, cancellationToken);
        var whole = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
        var tokens = answer.CompletionProbabilities ?? [];
        return new Answer(answer.Content, FirstLine(tokens), FirstText: null, whole, tokens.Count);
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The same tokens that count for our own: those of the first line that isn't blank, with the one that ends it.</summary>
    private static List<float> FirstLine(IReadOnlyList<PeerProbability> tokens)
    {
        var scores = new List<float>();
        var hasText = false;
        foreach (var token in tokens)
        {
            scores.Add(token.Logprob);
            foreach (var c in token.Token)
            {
                if (c == '\n' && hasText) return scores;
                hasText |= !char.IsWhiteSpace(c);
            }
        }

        return scores;
    }
}
