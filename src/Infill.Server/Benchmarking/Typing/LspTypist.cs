using Infill.Protocol.Lsp;
using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Typing;

/// <summary>Our server as an editor has it: key → <c>didChange</c> and a request → growing snapshots.</summary>
internal sealed class LspTypist(LspChild child) : ITypist
{
    private readonly Dictionary<TypingTrace, int> _versions = [];

    public string Side => BenchReport.Ours;

    public ValueTask OpenAsync(TypingTrace trace)
    {
        _versions[trace] = 1;
        var document = new TextDocumentItem(Uri(trace), trace.File.Language, 1, trace.Start.ToString());
        child.Notify(LspMethods.DidOpenTextDocument, new DidOpenTextDocumentParams(document), ProtocolJsonContext.Default.DidOpenTextDocumentParams);
        return ValueTask.CompletedTask;
    }

    public async Task<KeyAnswer> PressAsync(TypingTrace trace, TraceKey key, CancellationToken next)
    {
        var before = Conversions.ToLsp(key.Before);
        var edit = new TextDocumentContentChangeEvent(key.Typed.ToString(), new LspRange(before, before));
        var change = new DidChangeTextDocumentParams(new VersionedTextDocumentIdentifier(Uri(trace), ++_versions[trace]), [edit]);
        var after = Conversions.ToLsp(key.Position);
        var seen = new Seen();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(next);

        child.Notify(LspMethods.DidChangeTextDocument, change, ProtocolJsonContext.Default.DidChangeTextDocumentParams);
        var hasEnded = false;
        try
        {
            hasEnded = await child.CompleteAsync(Uri(trace), after, OnText, enough.Token);
        }
        catch (OperationCanceledException)
        {
            // The line was seen, or the next key came.
        }

        return seen.Answer(hasEnded);

        void OnText(string text)
        {
            if (seen.Take(text)) enough.Cancel();
        }
    }

    public ValueTask DisposeAsync() => child.DisposeAsync();

    private static string Uri(TypingTrace trace) => $"file:///bench/{trace.File.Name}";

    /// <summary>What has come of one key's answer. The reading thread and the one that waits both look: guarded by its lock.</summary>
    private sealed class Seen
    {
        private readonly Lock _gate = new();
        private readonly AnswerClock _clock = new(TimeProvider.System);

        /// <returns>Whether the first line is there.</returns>
        public bool Take(string text)
        {
            lock (_gate)
            {
                _clock.Take(text);
                return _clock.IsLineComplete;
            }
        }

        public KeyAnswer Answer(bool hasEnded)
        {
            lock (_gate)
            {
                if (hasEnded) _clock.End();
                return _clock.ToAnswer();
            }
        }
    }
}
