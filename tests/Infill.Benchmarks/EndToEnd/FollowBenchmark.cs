using System.Diagnostics;
using System.IO.Pipelines;
using System.Text.Json;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Models;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server;
using Infill.Server.Benchmarking.Traces;
using Infill.Server.Sharing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Benchmarks.EndToEnd;

/// <summary>
/// Somebody types what is suggested, key by key, through a whole server with its default settings: how many keys are answered
/// without a generation of their own, and how soon each is.
/// </summary>
/// <remarks>
/// The server runs in this process, so that the engine can be asked what it was given; its client speaks LSP over pipes in memory.
/// Places are line starts, spread over the trace files; a line there is cut out, and one is written by the model. Where a
/// suggestion is typed to its end, the next one is waited for and typed on, up to so many keys a place.
/// </remarks>
internal static class FollowBenchmark
{
    private static readonly TimeSpan s_betweenKeys = TimeSpan.FromMilliseconds(125);

    public static async Task RunAsync(int placesPerFile, int keysPerPlace)
    {
        LlamaLibrary.Load(NullLogger.Instance);
        await using var engine = new CompletionEngine(() => LlamaModel.Load(DefaultModel.Path), new EngineOptions(), TimeProvider.System, NullLogger.Instance);
        Pipe toServer = new(), fromServer = new();
        var server = ServerHost.RunAsync(
            new ServerOptions(toServer.Reader, fromServer.Writer) { Seat = new SharedSeat(engine, new LoadProgress(), IsAlone: static () => true, NewPageLink: static () => throw new InvalidOperationException(), Renew: null), LogLevel = LogLevel.None }, CancellationToken.None);
        var client = new Connection(fromServer.Reader, toServer.Writer, new MethodTable(), NullLogger.Instance);
        var running = client.RunAsync();
        await client.RequestAsync(
            LspMethods.Initialize, new InitializeParams(new ClientCapabilities(), null, InitializationOptions: JsonElement.Parse("""{"infill":{"statistics":false}}""")),
            ProtocolJsonContext.Default.InitializeParams, ProtocolJsonContext.Default.InitializeResult);
        client.Notify(LspMethods.Initialized, new InitializedParams(), ProtocolJsonContext.Default.InitializedParams);

        var counter = new GenerationCounter(engine);
        var follower = new Follower(client, counter);
        foreach (var file in TraceFile.All)
        {
            for (var place = 1; place <= placesPerFile; place++) await follower.FollowAsync(file, place / (placesPerFile + 1.0), keysPerPlace);
        }

        Console.WriteLine($"keys that follow a suggestion  {follower.Times}");
        Console.WriteLine(
            $"answered without a generation  {100.0 * (follower.Keys - follower.Generated) / follower.Keys:F1} % of {follower.Keys} keys " +
            $"({follower.Suggestions} suggestions; {follower.Generated} keys were generated for, {follower.GeneratedAtEnds} of them behind a suggestion's last letter)");
        client.Stop();
        await running;
        await server;
    }

    /// <summary>How many automatic requests the engine was given.</summary>
    private sealed class GenerationCounter(CompletionEngine engine)
    {
        /// <summary>The latest one's id; grows with each.</summary>
        public long Latest => engine.Snapshot().Where(static request => request.Priority == RequestPriority.Automatic).Select(static request => request.Id)
            .Concat(engine.RecentlyFinished().Where(static request => request.Priority == RequestPriority.Automatic).Select(static request => request.Id))
            .DefaultIfEmpty().Max();
    }

    private sealed class Follower(Connection client, GenerationCounter counter)
    {
        private int _documents;

        public Figures Times { get; } = new();

        public int Keys { get; private set; }

        public int Generated { get; private set; }

        public int GeneratedAtEnds { get; private set; }

        public int Suggestions { get; private set; }

        public async Task FollowAsync(TraceFile file, double where, int keys)
        {
            var uri = $"file:///bench/{++_documents}/{file.Name}";
            var (text, cursor) = Cut(file.Text, where);
            var version = 1;
            client.Notify(
                LspMethods.DidOpenTextDocument, new DidOpenTextDocumentParams(new TextDocumentItem(uri, file.Language, version, text)), ProtocolJsonContext.Default.DidOpenTextDocumentParams);
            var suggestion = await AskAsync(uri, text, cursor);
            for (var key = 0; key < keys && suggestion.Length > 0; key++)
            {
                if (key == 0) Suggestions++;
                var isEnd = suggestion.Length == 1;
                await Task.Delay(s_betweenKeys);
                var before = counter.Latest;
                var began = Stopwatch.GetTimestamp();
                var at = PositionOf(text, cursor);
                var typed = suggestion[..1];
                text = text.Insert(cursor++, typed);
                client.Notify(
                    LspMethods.DidChangeTextDocument,
                    new DidChangeTextDocumentParams(new VersionedTextDocumentIdentifier(uri, ++version), [new TextDocumentContentChangeEvent(typed, new LspRange(at, at))]),
                    ProtocolJsonContext.Default.DidChangeTextDocumentParams);
                suggestion = await AskAsync(uri, text, cursor);
                Times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                Keys++;
                if (isEnd && suggestion.Length > 0) Suggestions++;
                if (counter.Latest == before) continue;
                Generated++;
                if (isEnd) GeneratedAtEnds++;
            }

            client.Notify(LspMethods.DidCloseTextDocument, new DidCloseTextDocumentParams(new TextDocumentIdentifier(uri)), ProtocolJsonContext.Default.DidCloseTextDocumentParams);
        }

        private async Task<string> AskAsync(string uri, string text, int cursor)
        {
            var list = await client.RequestAsync(
                LspMethods.InlineCompletion,
                new InlineCompletionParams(new TextDocumentIdentifier(uri), PositionOf(text, cursor), new InlineCompletionContext(InlineCompletionTriggerKind.Automatic)),
                ProtocolJsonContext.Default.InlineCompletionParams, ProtocolJsonContext.Default.InlineCompletionList);
            return list!.Items is [var item, ..] ? item.InsertText : "";
        }

        /// <summary>Without the first line that says something behind a place, but with its indentation, behind which the cursor stands.</summary>
        private static (string Text, int Cursor) Cut(string text, double where)
        {
            var start = text.IndexOf('\n', (int)(text.Length * where)) + 1;
            while (start < text.Length && text[start] == '\n') start++;
            var cursor = start;
            while (cursor < text.Length && text[cursor] is ' ' or '\t') cursor++;
            var end = text.IndexOf('\n', cursor);
            return (text.Remove(cursor, (end < 0 ? text.Length : end) - cursor), cursor);
        }

        private static Position PositionOf(string text, int offset)
        {
            var before = text.AsSpan(0, offset);
            return new Position(before.Count('\n'), (offset - before.LastIndexOf('\n') - 1));
        }
    }
}
