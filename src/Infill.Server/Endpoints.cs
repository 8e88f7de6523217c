using Infill.Completion;
using Infill.Completion.Remote;
using Infill.Engine;
using Infill.Engine.Remote;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server;

/// <summary>Other machines' models, as the settings name them.</summary>
internal static class Endpoints
{
    /// <summary>The variable that holds the key itself; stronger than the file that holds it.</summary>
    public const string KeyVariable = SettingsSources.VariablePrefix + "ENDPOINT_KEY";

    /// <summary>Nothing is connected to before the first request.</summary>
    /// <exception cref="EngineException">The key can't be read.</exception>
    public static RemotePool Open(InfillSettings settings, TimeProvider time, ILogger logger) => new(
        new RemoteOptions(settings.Endpoints)
        {
            Dialect = settings.EndpointDialect,
            Model = settings.EndpointModel,
            Key = ReadKey(settings.EndpointKeyFile, Environment.GetEnvironmentVariable(KeyVariable)),
            WriterFor = name => (settings.Template ?? ModelFamilies.Of(name)) is { } template && TextTemplate.CanWrite(template) ? new TextTemplate(template) : null,
        },
        time,
        logger);

    /// <summary>Suggestions from them.</summary>
    /// <param name="pool">Not owned.</param>
    /// <param name="settings">Say whether the local model is the last resort.</param>
    /// <param name="time">Clock of deadlines.</param>
    /// <param name="local">Makes the local one, when it is needed first.</param>
    public static ISuggestionService Suggest(RemotePool pool, InfillSettings settings, TimeProvider time, Func<ISuggestionService> local) =>
        new RemoteSuggestionService(pool, time, settings.EndpointFallback ? local : null);

    /// <summary>The key: the file's first line with anything on it. Its text is in no message.</summary>
    /// <exception cref="EngineException">There is no such file, or nothing in it.</exception>
    internal static RemoteKey? ReadKey(string? file, string? variable)
    {
        if (!string.IsNullOrWhiteSpace(variable)) return Checked(variable.Trim(), $"The variable {KeyVariable}");
        if (file is null) return null;
        try
        {
            var key = File.ReadLines(file).Select(static line => line.Trim()).FirstOrDefault(static line => line.Length > 0);
            return key is null ? throw new EngineException($"The key file '{file}' holds no key; write it on a line, or take the setting 'endpointKeyFile' out.") : Checked(key, $"The key file '{file}'");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"The key file '{file}' can't be read: {e.Message}", e);
        }
    }

    private static RemoteKey Checked(string key, string source) =>
        key.All(static c => c is > ' ' and < '\x7f') ? new RemoteKey(key) : throw new EngineException($"{source} holds blanks or letters that no key has; it should be the key and nothing else.");
}
