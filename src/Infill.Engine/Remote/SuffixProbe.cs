using System.Text.Json;

namespace Infill.Engine.Remote;

/// <summary>Whether a server fills in the middle by <c>suffix</c>: some refuse it, and some take it and ignore it.</summary>
internal static class SuffixProbe
{
    private const int Tokens = 8;
    private const string Prefix = "def greet():\n    name = \"";
    private const string Suffix = "\"\n    return name\n\nassert greet() == \"kingfisher\"\n";

    /// <summary>Three short greedy answers: twice without a suffix, which must agree, and once with one, which must differ.</summary>
    /// <exception cref="RemoteException">The server can't be asked at all.</exception>
    public static async Task<bool> WorksAsync(RemoteConnection connection, string model, CancellationToken cancellationToken)
    {
        var without = await AskAsync(connection, model, null, cancellationToken).ConfigureAwait(false);
        string with;
        try
        {
            with = await AskAsync(connection, model, Suffix, cancellationToken).ConfigureAwait(false);
        }
        catch (RemoteException e) when (!e.IsOutage)
        {
            return false; // refused
        }

        return with != without && await AskAsync(connection, model, null, cancellationToken).ConfigureAwait(false) == without;
    }

    private static async Task<string> AskAsync(RemoteConnection connection, string model, string? suffix, CancellationToken cancellationToken)
    {
        var message = new CompletionMessage(model, Prefix, Tokens) { Suffix = suffix, Stream = false, StreamOptions = null };
        var json = JsonSerializer.SerializeToUtf8Bytes(message, RemoteJsonContext.Default.CompletionMessage);
        var answer = await connection.AskAsync("v1/completions", json, RemoteJsonContext.Default.CompletionChunk, cancellationToken).ConfigureAwait(false);
        return answer.Choices is [{ Text: { } text }, ..] ? text : throw connection.Failure(new JsonException("It has no choices."));
    }
}
