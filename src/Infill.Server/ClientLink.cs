using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Microsoft.Extensions.Logging;

namespace Infill.Server;

/// <summary>What we send to the client unasked. Attached to the connection before it runs; any thread.</summary>
internal sealed class ClientLink(ILogger logger)
{
    /// <summary>Those that <c>CodeLanguage.IdOf</c> knows.</summary>
    private const string WatchedFiles =
        """{"watchers":[{"globPattern":"**/*.{cs,java,kt,kts,js,mjs,cjs,jsx,ts,mts,cts,tsx,go,rs,c,h,cc,cpp,cxx,hh,hpp,py,pyi,sh,bash,rb,yml,yaml,toml}"}]}""";

    private const string Section = "infill";
    private volatile Connection? _connection;

    public void Attach(Connection connection) => _connection = connection;

    public void SendPartial(ProgressToken token, IReadOnlyList<InlineCompletionItem> items) => _connection?.Notify(
        LspMethods.Progress,
        new ProgressParams<IReadOnlyList<InlineCompletionItem>>(token, items),
        ProtocolJsonContext.Default.InlineCompletionProgress);

    public void Show(MessageType type, string message) => _connection?.Notify(
        LspMethods.ShowMessage, new ShowMessageParams(type, message), ProtocolJsonContext.Default.ShowMessageParams);

    /// <summary>Asks to be told when the section <c>infill</c> changes.</summary>
    public Task RegisterForConfigurationAsync()
    {
        var json = ProtocolJsonContext.Default;
        var options = JsonSerializer.SerializeToElement(
            new DidChangeConfigurationRegistrationOptions(Section), json.DidChangeConfigurationRegistrationOptions);
        return AskAsync(
            LspMethods.RegisterCapability,
            new RegistrationParams([new Registration("infill.configuration", LspMethods.DidChangeConfiguration, options)]),
            json.RegistrationParams,
            json.OptionalJsonElement);
    }

    /// <summary>Asks to be told when source files are written or removed, by whomever.</summary>
    public Task RegisterForFilesAsync()
    {
        var json = ProtocolJsonContext.Default;
        return AskAsync(
            LspMethods.RegisterCapability,
            new RegistrationParams([new Registration("infill.files", LspMethods.DidChangeWatchedFiles, JsonElement.Parse(WatchedFiles))]),
            json.RegistrationParams,
            json.OptionalJsonElement);
    }

    /// <summary>Asks for a token's progress to be shown. False where the client won't.</summary>
    public async Task<bool> CreateProgressAsync(ProgressToken token)
    {
        var json = ProtocolJsonContext.Default;
        var (isAnswered, _) = await AskAsync(
            LspMethods.CreateWorkDoneProgress, new WorkDoneProgressCreateParams(token), json.WorkDoneProgressCreateParams, json.OptionalJsonElement);
        return isAnswered;
    }

    public void Report<T>(ProgressToken token, T value, JsonTypeInfo<ProgressParams<T>> type) =>
        _connection?.Notify(LspMethods.Progress, new ProgressParams<T>(token, value), type);

    public void Log(MessageType type, string message) => _connection?.Notify(
        LspMethods.LogMessage, new LogMessageParams(type, message), ProtocolJsonContext.Default.LogMessageParams);

    /// <summary>Asks for the section <c>infill</c> and passes on what comes; a client that refuses is only logged.</summary>
    public async Task AskConfigurationAsync(Action<JsonElement?> configure)
    {
        var json = ProtocolJsonContext.Default;
        var (isAnswered, answer) = await AskAsync(
            LspMethods.Configuration,
            new ConfigurationParams([new ConfigurationItem(Section: Section)]),
            json.ConfigurationParams,
            json.ConfigurationResult);
        if (isAnswered) configure(answer is [var settings, ..] ? settings : null);
    }

    private async Task<(bool IsAnswered, TResult? Answer)> AskAsync<TParams, TResult>(
        string method, TParams parameters, JsonTypeInfo<TParams> parametersType, JsonTypeInfo<TResult> resultType)
    {
        try
        {
            return (true, await _connection!.RequestAsync(method, parameters, parametersType, resultType));
        }
        catch (RpcException e)
        {
            logger.LogDebug("The client did not answer {Method}: {Reason}", method, e.Message);
            return (false, default);
        }
    }
}
