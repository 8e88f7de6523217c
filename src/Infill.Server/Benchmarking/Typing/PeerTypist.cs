using System.Text;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Server.Benchmarking.Peers;
using Infill.Server.Benchmarking.Traces;
using Infill.Server.Settings;

namespace Infill.Server.Benchmarking.Typing;

/// <summary>A llama-server: key → <c>/infill</c> → its stream. The next key closes the connection.</summary>
internal sealed class PeerTypist(PeerClient peer, IVocabulary vocabulary, InfillSettings settings) : ITypist
{
    private readonly PromptBuilder _prompts = new(vocabulary, FimTemplate.For(vocabulary));

    public string Side => peer.Name;

    public ValueTask OpenAsync(TypingTrace trace) => ValueTask.CompletedTask;

    public async Task<KeyAnswer> PressAsync(TypingTrace trace, TraceKey key, CancellationToken next)
    {
        // Its client would cut windows too, but that is not what is measured: the clock starts behind it.
        var request = peer.Peer.IsUsual ? UsualRequest.At(key) : TunedRequest(trace, key);
        int? computed = null;
        var text = "";
        var answer = new AnswerClock(TimeProvider.System);
        try
        {
            await foreach (var chunk in peer.StreamAsync(request, next))
            {
                text += chunk.Content;
                computed ??= chunk.Timings?.PromptN;
                answer.Take(text);
                if (chunk.Stop) answer.End();
                if (answer.IsLineComplete) break;
            }
        }
        catch (OperationCanceledException) when (next.IsCancellationRequested)
        {
            // The next key came: what was seen until now counts.
        }

        return answer.ToAnswer(computed);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask; // the client belongs to the run

    private PeerInfill TunedRequest(TypingTrace trace, TraceKey key)
    {
        var window = _prompts.Window(key.Text, key.Cursor, settings.Prompt);
        return new PeerInfill(Text(window.Prefix), Text(window.Suffix), "")
        {
            MaxTokens = settings.MaxTokens,
            Stop = key.IsTextAfter ? ["\n"] : null,
        };
    }

    private string Text(IReadOnlyList<int> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens) bytes.AddRange(vocabulary.Piece(token));
        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
