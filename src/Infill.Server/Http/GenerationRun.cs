using System.Runtime.CompilerServices;
using Infill.Engine;

namespace Infill.Server.Http;

/// <summary>Rules of llama-server that end a text and that the engine does not have.</summary>
/// <param name="Indent">A line that is indented by less ends the text before it; 0 for no such rule.</param>
/// <param name="Predict">After this time from the first token, the next line's end does; null for no such rule.</param>
internal readonly record struct TextRules(int Indent = 0, TimeSpan? Predict = null)
{
    public bool IsNone => Indent <= 0 && Predict is null;
}

/// <summary>One generation with the rules of its request. The last chunk says why it ended.</summary>
internal static class GenerationRun
{
    /// <exception cref="ApiException">It was refused before it gave any text.</exception>
    public static async IAsyncEnumerable<GenerationChunk> ReadAsync(
        CompletionEngine engine, GenerationRequest request, TextRules rules, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = new LineWatch(rules, time);
        var hasText = false;
        var ended = FinishReason.None;
        await using var chunks = engine.GenerateAsync(request, enough.Token).GetAsyncEnumerator(CancellationToken.None);
        while (await NextAsync(chunks))
        {
            var chunk = chunks.Current;
            if (!hasText) RefuseIfRefused(chunk);
            if (ended == FinishReason.None && !rules.IsNone)
            {
                var text = watch.Take(chunk.Text, out ended);
                if (ended != FinishReason.None) await enough.CancelAsync();
                else if (chunk.Finish != FinishReason.None) text += watch.Flush();
                chunk = chunk with { Text = text };
            }
            else if (ended != FinishReason.None)
            {
                chunk = chunk with { Text = "", Tokens = [] };
            }

            if (chunk.Finish != FinishReason.None && ended != FinishReason.None) chunk = chunk with { Finish = ended };
            hasText |= chunk.Text.Length > 0;
            yield return chunk;
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<GenerationChunk> chunks)
    {
        try
        {
            return await chunks.MoveNextAsync();
        }
        catch (EngineException e)
        {
            throw ApiException.BadRequest(e.Message); // the model is loaded by now: the request itself is what it can't take
        }
    }

    private static void RefuseIfRefused(GenerationChunk chunk)
    {
        if (chunk.Finish == FinishReason.Overloaded) throw ApiException.Unavailable("Too many requests wait already; ask again in a moment.");
        if (chunk.Finish == FinishReason.Faulted) throw ApiException.Failed(chunk.Fault ?? "The generation failed.");
    }

    private sealed class LineWatch(TextRules rules, TimeProvider time)
    {
        private long _began;
        private bool _isInIndent; // of a line after the first, and only blanks of it so far
        private int _indent;
        private string _held = ""; // the line feed and blanks of a line that may yet end the text

        /// <summary>What may be passed on of a piece of text.</summary>
        public string Take(string text, out FinishReason ended)
        {
            if (_began == 0 && text.Length > 0) _began = time.GetTimestamp();
            var all = _held + text;
            for (var i = _held.Length; i < all.Length; i++)
            {
                var c = all[i];
                if (c == '\n')
                {
                    if (rules.Predict is { } limit && time.GetElapsedTime(_began) > limit) return End(all[..i], FinishReason.TokenLimit, out ended);
                    if (rules.Indent > 0) (_isInIndent, _indent) = (true, 0);
                }
                else if (_isInIndent && c is ' ' or '\t')
                {
                    _indent++;
                }
                else if (_isInIndent)
                {
                    _isInIndent = false;
                    if (_indent < rules.Indent) return End(all[..all.LastIndexOf('\n', i)], FinishReason.StopRule, out ended);
                }
            }

            var keep = _isInIndent ? all.LastIndexOf('\n') : all.Length;
            _held = all[keep..];
            ended = FinishReason.None;
            return all[..keep];
        }

        /// <summary>The text ended by itself: what was held back belongs to it.</summary>
        public string Flush() => _held;

        private static string End(string text, FinishReason reason, out FinishReason ended)
        {
            ended = reason;
            return text;
        }
    }
}
