using System.Text.Json;
using Infill.Protocol.Lsp;

namespace Infill.Server;

/// <summary>Work that start-up needs and that can be done beside the rest of it.</summary>
internal static class StartUp
{
    private const string Sample =
        """
        {"processId":1,"clientInfo":{"name":"x"},"rootUri":null,"capabilities":{"general":{"positionEncodings":["utf-16"]},
        "textDocument":{"inlineCompletion":{}}},"workspaceFolders":[{"uri":"file:///x","name":"x"}]}
        """;

    /// <summary>
    /// Loads the code that reads and answers <c>initialize</c>, on another core, while this one composes the server: each
    /// takes about as long, and a client waits for the sum of them otherwise.
    /// </summary>
    public static void LoadProtocolBeside()
    {
        // A thread of its own: the pool takes a while to start.
        var thread = new Thread(static () =>
        {
            var json = ProtocolJsonContext.Default; // there too: making it is a good part of the work
            _ = JsonSerializer.Deserialize(Sample, json.InitializeParams);
            _ = JsonSerializer.SerializeToUtf8Bytes(Handlers.LifecycleHandler.Result("utf-16", hasInlineCompletion: true), json.InitializeResult);

            // What the messages after it need.
            _ = (json.DidOpenTextDocumentParams, json.DidChangeTextDocumentParams, json.InlineCompletionParams);
            _ = (json.InlineCompletionList, json.InlineCompletionProgress);
        })
        {
            IsBackground = true,
            Name = "infill-start",
        };
        thread.Start();
    }
}
