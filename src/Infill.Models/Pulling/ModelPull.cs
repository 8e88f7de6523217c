using System.Net;
using Infill.Models.Gguf;

namespace Infill.Models.Pulling;

/// <summary>Fetches a model into the store: resumed where it broke off, verified, and moved into place whole or not at all.</summary>
/// <param name="store">Where to.</param>
/// <param name="hub">Who may see the token; null for nobody.</param>
/// <param name="token"><c>HF_TOKEN</c>; null for none. In no message.</param>
/// <param name="options">When to give up.</param>
public sealed class ModelPull(ModelStore store, Uri? hub, string? token, PullOptions options)
{
    /// <returns>The model, and whether it had been there before.</returns>
    /// <exception cref="ModelException">It could not be had: why, and what to do. What was fetched stays for the next try, unless it was wrong.</exception>
    public async Task<(StoredModel Model, bool WasThere)> RunAsync(PullSource source, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            using var partial = PartialFile.Open(store.Folder, source.Name, store.PathOf(source.Name));
            if (store.Find(source.Name) is { } there) return (Same(there, source), true);
            using var client = new HubClient(hub, token);
            var hash = await new Download(client, source, partial, options, Refused).RunAsync(progress, cancellationToken);
            return (Finish(source, partial, hash), false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"'{source.Name}' can't be stored in '{store.Folder}': {e.Message}", e);
        }
    }

    private static StoredModel Same(StoredModel there, PullSource source) => there.Origin is null || there.Origin.Source == source.Label
        ? there
        : throw new ModelException($"There is another model '{there.Name}', from {there.Origin.Source}. Remove it first, or give this one a name with --name.");

    private StoredModel Finish(PullSource source, PartialFile partial, string hash)
    {
        var length = partial.Stream.Length;
        partial.Stream.Position = 0;
        try
        {
            GgufHeader.Read(partial.Stream, source.Label);
        }
        catch (ModelException)
        {
            partial.Delete();
            throw;
        }

        store.WriteOrigin(source.Name, new ModelOrigin(source.Label, hash, length));
        partial.Finish(store.PathOf(source.Name));
        return store.Find(source.Name) ?? throw new ModelException($"'{source.Name}' was removed while it was pulled.");
    }

    private string Refused(PullSource source, HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            $"'{source.Label}' may not be read ({(int)status}). " +
            (token is null ? "Set HF_TOKEN to a token of the hub's, and accept the model's terms there." : "Accept the model's terms on the hub, and check that HF_TOKEN is right."),
        HttpStatusCode.NotFound => $"The hub has no '{source.Label}'. Check the name; 'infill model list' shows those that are known.",
        _ => $"'{source.Label}' could not be pulled: the server answered {(int)status}.",
    };
}
