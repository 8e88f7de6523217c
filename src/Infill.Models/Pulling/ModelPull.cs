using System.Net;
using System.Net.Sockets;
using Infill.Models.Gguf;

namespace Infill.Models.Pulling;

/// <summary>How far a pull is.</summary>
/// <param name="Done">Bytes that are there.</param>
/// <param name="Total">Bytes of the file; null where nobody said.</param>
public readonly record struct PullProgress(long Done, long? Total);

/// <summary>When a pull gives up.</summary>
public sealed record PullOptions
{
    /// <summary>Tries in a row that bring nothing new.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>After the first failure; it doubles with each further one.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait, whatever a server asks for.</summary>
    public TimeSpan MostDelay { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Without a byte for this long, the connection counts as broken.</summary>
    public TimeSpan Standstill { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes free on the disk of a folder.</summary>
    public Func<string, long> FreeBytes { get; init; } = static folder => new DriveInfo(folder).AvailableFreeSpace;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>Fetches a model into the store: resumed where it broke off, verified, and moved into place whole or not at all.</summary>
/// <param name="store">Where to.</param>
/// <param name="hub">Who may see the token; null for nobody.</param>
/// <param name="token"><c>HF_TOKEN</c>; null for none. In no message.</param>
/// <param name="options">When to give up.</param>
public sealed class ModelPull(ModelStore store, Uri? hub, string? token, PullOptions options)
{
    private const int ChunkBytes = 256 * 1024;
    private const long SpareBytes = 64L << 20; // a disk that is full to the brim helps nobody

    /// <returns>The model, and whether it had been there before.</returns>
    /// <exception cref="ModelException">It could not be had: why, and what to do. What was fetched stays for the next try, unless it was wrong.</exception>
    public async Task<(StoredModel Model, bool WasThere)> RunAsync(PullSource source, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            using var partial = PartialFile.Open(store, source.Name);
            if (store.Find(source.Name) is { } there) return (Same(there, source), true);
            if (partial.State?.Source != source.Label || (source.Sha256 is { } known && !Equal(partial.State.Sha256, known))) partial.Stream.SetLength(0);

            using var client = new HubClient(hub, token);
            var resumed = partial.Stream.Length > 0;
            var hash = await FetchAsync(client, source, partial, progress, cancellationToken);
            if (partial.State!.Sha256 is { } expected && !Equal(expected, hash))
            {
                partial.Delete();
                if (!resumed) throw Wrong(source, expected, hash);

                // The bytes of an earlier run may be to blame: once more from the beginning.
                hash = await FetchAsync(client, source, partial, progress, cancellationToken);
                if (!Equal(partial.State!.Sha256, hash)) throw Wrong(source, partial.State.Sha256 ?? expected, hash, partial);
            }

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

    /// <summary>Asks until all bytes are there.</summary>
    /// <returns>Their SHA-256.</returns>
    private async Task<string> FetchAsync(HubClient client, PullSource source, PartialFile partial, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        var most = partial.Stream.Length; // of all tries: a server that always begins anew makes no progress
        for (var failures = 0; ;)
        {
            var (failure, wait) = await TryAsync(client, source, partial, progress, cancellationToken);
            if (failure is null) return await ModelStore.HashAsync(partial.Path, progress: null, cancellationToken);
            failures = partial.Stream.Length > most ? 1 : failures + 1;
            most = Math.Max(most, partial.Stream.Length);
            if (failures >= options.Attempts)
            {
                throw new ModelException($"'{source.Label}' could not be pulled: {failure} {partial.Stream.Length} bytes are kept; the same command goes on from there.");
            }

            var delay = wait ?? options.FirstDelay * Math.Pow(2, failures - 1);
            await Task.Delay(delay < options.MostDelay ? delay : options.MostDelay, options.Time, cancellationToken);
        }
    }

    /// <summary>One request.</summary>
    /// <returns>Null where all bytes are there; else what went wrong that may go better, and how long the server asks to wait.</returns>
    private async Task<(string? Failure, TimeSpan? Wait)> TryAsync(
        HubClient client, PullSource source, PartialFile partial, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        using var standstill = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        standstill.CancelAfter(options.Standstill);
        var from = partial.CanGoOn ? partial.Stream.Length : 0;
        try
        {
            using var answer = await client.GetAsync(source.Url, from, partial.Validator, standstill.Token);
            var response = answer.Response;
            switch (response.StatusCode)
            {
                case HttpStatusCode.OK:
                case HttpStatusCode.PartialContent:
                    break;
                case HttpStatusCode.RequestedRangeNotSatisfiable:
                    if (from > 0 && response.Content.Headers.ContentRange?.Length == from && partial.State?.Sha256 is not null) return (null, null);
                    partial.Stream.SetLength(0);
                    return ("the server no longer has the file that was begun.", TimeSpan.Zero);
                case HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError:
                    return ($"the server answered {(int)response.StatusCode}.", Wait(response));
                default:
                    throw Refused(source, response.StatusCode);
            }

            var total = Accept(source, partial, answer, from);
            EnsureRoom(total - partial.Stream.Length);
            await CopyAsync(response, partial.Stream, total, progress, standstill, cancellationToken);
            var length = partial.Stream.Length;
            if (total is null || length == total) return (null, null);
            if (length < total) return ($"the connection ended after {length} of {total} bytes.", null);
            partial.Stream.SetLength(0);
            return ($"the server sent more than the {total} bytes that it announced.", null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ($"nothing came for {options.Standstill.TotalSeconds:0.#} seconds.", null);
        }
        catch (HttpRequestException e)
        {
            return ($"the connection failed ({e.HttpRequestError}: {e.Message})", null);
        }
        catch (IOException e) when (e is HttpIOException || e.InnerException is SocketException)
        {
            return ($"the connection ended after {partial.Stream.Length} bytes.", null);
        }
    }

    /// <summary>Makes sure that the bytes that come belong behind those that are there.</summary>
    /// <returns>Bytes of the whole file; null where nobody says.</returns>
    private static long? Accept(PullSource source, PartialFile partial, HubAnswer answer, long from)
    {
        var response = answer.Response;
        var range = response.Content.Headers.ContentRange;
        var goesOn = response.StatusCode == HttpStatusCode.PartialContent;
        var said = goesOn ? range?.Length : response.Content.Headers.ContentLength;
        if (answer.Sha256 is { } hubs && source.Sha256 is { } wanted && !Equal(hubs, wanted))
        {
            throw new ModelException($"The hub's '{source.Label}' is not the file that was expected: its SHA-256 is {hubs}, not {wanted}. Pull it by owner/repo:file to take it as the hub has it.");
        }

        var sha256 = source.Sha256 ?? answer.Sha256;
        var isSame = partial.State is { } state && state.Source == source.Label && Equal(state.Sha256, sha256);
        if (goesOn && range?.From == from && isSame)
        {
            partial.Stream.SetLength(from);
        }
        else if (goesOn && range?.From != 0)
        {
            partial.Stream.SetLength(0); // the next try asks for all
            throw new HttpIOException(HttpRequestError.InvalidResponse, "another part than was asked for");
        }
        else
        {
            partial.Begin(new PartialState(source.Label, response.Headers.ETag?.ToString(), sha256));
        }

        return answer.Bytes ?? said;
    }

    private async Task CopyAsync(HttpResponseMessage response, FileStream file, long? total, IProgress<PullProgress>? progress, CancellationTokenSource standstill, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(standstill.Token);
        var buffer = new byte[ChunkBytes];
        file.Position = file.Length;
        while (true)
        {
            standstill.CancelAfter(options.Standstill);
            var count = await body.ReadAsync(buffer, standstill.Token);
            if (count == 0) return;
            await file.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            progress?.Report(new PullProgress(file.Length, total));
            if (file.Length > total) return; // the caller sees it
        }
    }

    private void EnsureRoom(long? bytes)
    {
        var free = options.FreeBytes(store.Folder);
        if (bytes + SpareBytes > free)
        {
            throw new ModelException($"There is not enough room in '{store.Folder}': {bytes / 1e9:F1} GB are needed and {free / 1e9:F1} GB are free. Remove something, or set XDG_DATA_HOME to a folder on another disk.");
        }
    }

    private TimeSpan? Wait(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > options.Time.GetUtcNow() => date - options.Time.GetUtcNow(),
        _ => null,
    };

    private ModelException Refused(PullSource source, HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new ModelException(
            $"'{source.Label}' may not be read ({(int)status}). " +
            (token is null ? "Set HF_TOKEN to a token of the hub's, and accept the model's terms there." : "Accept the model's terms on the hub, and check that HF_TOKEN is right.")),
        HttpStatusCode.NotFound => new ModelException($"The hub has no '{source.Label}'. Check the name; 'infill model list' shows those that are known."),
        _ => new ModelException($"'{source.Label}' could not be pulled: the server answered {(int)status}."),
    };

    private static ModelException Wrong(PullSource source, string expected, string hash, PartialFile? partial = null)
    {
        partial?.Delete();
        return new ModelException($"What came for '{source.Label}' is wrong: its SHA-256 is {hash}, not {expected}. It is deleted; pull again, or from another mirror.");
    }

    private static bool Equal(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
