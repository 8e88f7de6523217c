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
    /// Loads the code that reads and answers <c>initialize</c>, on other threads, while this one composes the server: each
    /// takes about as long, and a client waits for the sum of them otherwise.
    /// </summary>
    public static void LoadProtocolBeside()
    {
        var json = ProtocolJsonContext.Default;
        Beside(() =>
        {
            _ = JsonSerializer.Deserialize(Sample, json.InitializeParams);

            // What the messages after it need.
            _ = (json.DidOpenTextDocumentParams, json.DidChangeTextDocumentParams, json.InlineCompletionParams);
        });
        Beside(() =>
        {
            _ = JsonSerializer.SerializeToUtf8Bytes(Handlers.LifecycleHandler.Result("utf-16", hasInlineCompletion: true), json.InitializeResult);
            _ = (json.InlineCompletionList, json.InlineCompletionProgress);
        });
    }

    /// <summary>A thread of its own: the pool takes a while to start.</summary>
    private static void Beside(ThreadStart work) => new Thread(work) { IsBackground = true, Name = "infill-start" }.Start();
}
