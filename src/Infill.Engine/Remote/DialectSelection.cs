using System.Text.Json;

namespace Infill.Engine.Remote;

/// <summary>Asks an endpoint what it is, and settles how to speak to it.</summary>
internal static class DialectSelection
{
    /// <exception cref="RemoteException">It is not there or not ready, or nobody knows how its model is prompted.</exception>
    public static async Task<IDialectReading> SelectAsync(RemoteConnection connection, RemoteOptions options, CancellationToken cancellationToken)
    {
        if (options.Dialect is RemoteDialect.Auto or RemoteDialect.LlamaServer && await PropertiesAsync(connection, options, cancellationToken).ConfigureAwait(false) is { } properties)
        {
            return new LlamaServerDialect(options.Model ?? NameOf(properties));
        }

        var model = options.Model ?? await FirstModelAsync(connection, cancellationToken).ConfigureAwait(false);
        var writer = options.Dialect == RemoteDialect.OpenAiSuffix ? null : options.WriterFor(model);
        if (writer is not null) return new OpenAiDialect(model, writer);
        if (options.Dialect != RemoteDialect.OpenAi && await SuffixProbe.WorksAsync(connection, model, cancellationToken).ConfigureAwait(false)) return new OpenAiDialect(model, null);
        throw new RemoteException(options.Dialect == RemoteDialect.OpenAiSuffix
            ? $"{connection.Address} refuses 'suffix', or takes it and ignores it: choose 'openai' for 'endpointDialect', which writes the markers of the model's family itself."
            : $"{connection.Address} has the model '{model}', whose family is not known by that name: name it with the setting 'template' ('prefix-only' does without what follows the cursor).")
        {
            IsOutage = false,
        };
    }

    /// <summary>Null where it is no llama-server, and may be something else.</summary>
    private static async Task<ServerProperties?> PropertiesAsync(RemoteConnection connection, RemoteOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await connection.CheckAsync("health", cancellationToken).ConfigureAwait(false); // 503 while the model is loading
            var properties = await connection.AskAsync("props", null, RemoteJsonContext.Default.ServerProperties, cancellationToken).ConfigureAwait(false);
            if (properties.TotalSlots is not null || options.Dialect == RemoteDialect.LlamaServer) return properties;
        }
        catch (RemoteException e) when (options.Dialect == RemoteDialect.Auto && (!e.IsOutage || e.InnerException is JsonException))
        {
            // It has no such pages, or others of that name.
        }

        return null;
    }

    private static async Task<string> FirstModelAsync(RemoteConnection connection, CancellationToken cancellationToken)
    {
        var list = await connection.AskAsync("v1/models", null, RemoteJsonContext.Default.ModelList, cancellationToken).ConfigureAwait(false);
        return list.Data is [{ Id: { } id }, ..] ? id : throw new RemoteException($"{connection.Address} lists no model; name one with 'endpointModel'.") { IsOutage = false };
    }

    private static string NameOf(ServerProperties properties) => properties switch
    {
        { ModelAlias: { Length: > 0 } alias } => alias,
        { ModelPath: { Length: > 0 } path } => Path.GetFileNameWithoutExtension(path),
        _ => "of its own",
    };
}
