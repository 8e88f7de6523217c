using System.Net;
using System.Net.Sockets;

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

/// <summary>Fetches one file into its partial file: resumed where it broke off, tried again where that may help, and verified.</summary>
/// <param name="client">Asks.</param>
/// <param name="source">For what.</param>
/// <param name="partial">Where to; the caller's.</param>
/// <param name="options">When to give up.</param>
/// <param name="refused">What to say, and what to do, where a server answers with a status that asking again won't change.</param>
internal sealed class Download(HubClient client, PullSource source, PartialFile partial, PullOptions options, Func<PullSource, HttpStatusCode, string> refused)
{
    private const int ChunkBytes = 256 * 1024;
    private const long SpareBytes = 64L << 20; // a disk that is full to the brim helps nobody

    /// <returns>The file's hash, which is the right one where anybody named it.</returns>
    /// <exception cref="ModelException">It could not be had: why, and what to do. What was fetched stays for the next try, unless it was wrong.</exception>
    public async Task<string> RunAsync(IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        if (partial.State?.Source != source.Label || (source.Hash is { } known && !FileHash.Equal(partial.State.Hash, known))) partial.Stream.SetLength(0);
        var resumed = partial.Stream.Length > 0;
        var hash = await FetchAsync(progress, cancellationToken);
        if (partial.State!.Hash is not { } expected || FileHash.Equal(expected, hash)) return hash;

        partial.Delete();
        if (!resumed) throw Wrong(expected, hash);

        // The bytes of an earlier run may be to blame: once more from the beginning.
        hash = await FetchAsync(progress, cancellationToken);
        if (FileHash.Equal(partial.State!.Hash, hash)) return hash;
        expected = partial.State.Hash ?? expected;
        partial.Delete();
        throw Wrong(expected, hash);
    }

    /// <exception cref="ModelException">There is less room than that.</exception>
    public static void Ensure(PullOptions options, string folder, long? bytes)
    {
        var free = options.FreeBytes(folder);
        if (bytes + SpareBytes > free)
        {
            throw new ModelException($"There is not enough room in '{folder}': {bytes / 1e9:F1} GB are needed and {free / 1e9:F1} GB are free. Remove something, or set XDG_DATA_HOME to a folder on another disk.");
        }
    }

    /// <summary>Asks until all bytes are there.</summary>
    /// <returns>Their hash.</returns>
    private async Task<string> FetchAsync(IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        var most = partial.Stream.Length; // of all tries: a server that always begins anew makes no progress
        for (var failures = 0; ;)
        {
            var (failure, wait) = await TryAsync(progress, cancellationToken);
            if (failure is null) return await FileHash.OfAsync(partial.Path, partial.State?.Hash, progress: null, cancellationToken);
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
    private async Task<(string? Failure, TimeSpan? Wait)> TryAsync(IProgress<PullProgress>? progress, CancellationToken cancellationToken)
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
                    if (from > 0 && response.Content.Headers.ContentRange?.Length == from && partial.State?.Hash is not null) return (null, null);
                    partial.Stream.SetLength(0);
                    return ("the server no longer has the file that was begun.", TimeSpan.Zero);
                case HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError:
                    return ($"the server answered {(int)response.StatusCode}.", Wait(response));
                default:
                    throw new ModelException(refused(source, response.StatusCode));
            }

            var total = Accept(answer, from);
            Ensure(options, Path.GetDirectoryName(partial.Path)!, total - partial.Stream.Length);
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
    private long? Accept(HubAnswer answer, long from)
    {
        var response = answer.Response;
        var range = response.Content.Headers.ContentRange;
        var goesOn = response.StatusCode == HttpStatusCode.PartialContent;
        var said = goesOn ? range?.Length : response.Content.Headers.ContentLength;
        if (answer.Sha256 is { } hubs && source.Hash is { } wanted && FileHash.NameOf(hubs) == FileHash.NameOf(wanted) && !FileHash.Equal(hubs, wanted))
        {
            throw new ModelException($"The hub's '{source.Label}' is not the file that was expected: its SHA-256 is {hubs}, not {wanted}. Pull it by owner/repo:file to take it as the hub has it.");
        }

        var hash = source.Hash ?? answer.Sha256;
        var isSame = partial.State is { } state && state.Source == source.Label && FileHash.Equal(state.Hash, hash);
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
            partial.Begin(new PartialState(source.Label, response.Headers.ETag?.ToString(), hash));
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

    private TimeSpan? Wait(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > options.Time.GetUtcNow() => date - options.Time.GetUtcNow(),
        _ => null,
    };

    private ModelException Wrong(string expected, string hash) =>
        new($"What came for '{source.Label}' is wrong: its {FileHash.NameOf(hash)} is {hash}, not {expected}. It is deleted; pull again, or from another mirror.");
}
