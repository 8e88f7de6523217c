using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Server.Benchmarking.Typing;

/// <summary>Our own server as a process of its own, and a plain client of it: what an editor sees.</summary>
internal sealed class LspChild : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Connection _connection;
    private readonly Task _running;
    private readonly ConcurrentDictionary<ProgressToken, Action<string>> _growing = new();
    private long _lastToken;

    private LspChild(Process process)
    {
        _process = process;
        var methods = new MethodTable();
        methods.OnNotification(LspMethods.Progress, ProtocolJsonContext.Default.InlineCompletionProgress, Grow);
        _connection = new Connection(
            PipeReader.Create(process.StandardOutput.BaseStream), PipeWriter.Create(process.StandardInput.BaseStream), methods, NullLogger.Instance);
        _running = _connection.RunAsync();
    }

    /// <summary>Starts this very program as a server that computes every request, with its default settings else, and shakes hands.</summary>
    /// <param name="model">The model file.</param>
    public static async Task<LspChild> StartAsync(string model)
    {
        var start = OwnProgram.StartOf("lsp", "--stdio", "--model", model);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;

        // Defaults are measured, not what the user has set.
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(AppContext.BaseDirectory, "no-settings-here");
        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("INFILL_", StringComparison.Ordinal) && name != "INFILL_LLAMA_DIR").ToList())
        {
            start.Environment.Remove(name);
        }

        var child = new LspChild(Process.Start(start)!);
        var capabilities = new ClientCapabilities(TextDocument: new TextDocumentClientCapabilities(InlineCompletion: new InlineCompletionClientCapabilities()));
        var options = JsonElement.Parse("""{"infill":{"snapshots":"growing","typingThrough":false,"confidence":0,"contextTokens":0,"backOff":false,"statistics":false}}""");
        await child._connection.RequestAsync(
            LspMethods.Initialize,
            new InitializeParams(capabilities, Environment.ProcessId, InitializationOptions: options),
            ProtocolJsonContext.Default.InitializeParams,
            ProtocolJsonContext.Default.InitializeResult);
        child.Notify(LspMethods.Initialized, new InitializedParams(), ProtocolJsonContext.Default.InitializedParams);
        return child;
    }

    public void Notify<T>(string method, T parameters, JsonTypeInfo<T> type) => _connection.Notify(method, parameters, type);

    /// <summary>Asks for a suggestion. The request is sent before this returns a task that waits.</summary>
    /// <param name="uri">An open document.</param>
    /// <param name="position">The cursor.</param>
    /// <param name="onText">Told the growing text; on the reading thread.</param>
    /// <param name="cancellationToken">Cancels the request, by <c>$/cancelRequest</c>.</param>
    /// <returns>False where the server answered that the request came too late.</returns>
    /// <exception cref="OperationCanceledException">Cancelled here.</exception>
    public async Task<bool> CompleteAsync(string uri, Position position, Action<string> onText, CancellationToken cancellationToken)
    {
        var token = new ProgressToken(Interlocked.Increment(ref _lastToken));
        _growing[token] = onText;
        var parameters = new InlineCompletionParams(
            new TextDocumentIdentifier(uri), position, new InlineCompletionContext(InlineCompletionTriggerKind.Automatic), PartialResultToken: token);
        try
        {
            await _connection.RequestAsync(
                LspMethods.InlineCompletion, parameters, ProtocolJsonContext.Default.InlineCompletionParams, ProtocolJsonContext.Default.InlineCompletionList, cancellationToken);
            return true;
        }
        catch (RpcException e) when (e.Error.Code is RpcErrorCodes.ContentModified or RpcErrorCodes.RequestCancelled)
        {
            return false;
        }
        finally
        {
            _growing.TryRemove(token, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _connection.Stop();
        await _running; // which closes the child's input, and so ends it
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Grow(ProgressParams<IReadOnlyList<InlineCompletionItem>> progress)
    {
        if (progress.Value is [var item, ..] && _growing.TryGetValue(progress.Token, out var onText)) onText(item.InsertText);
    }
}
