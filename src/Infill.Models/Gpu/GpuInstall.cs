using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using Infill.Models.Pulling;

namespace Infill.Models.Gpu;

/// <summary>Installs GPU libraries: a package is fetched or given, verified, and its library put into place whole or not at all.</summary>
/// <param name="store">Where to.</param>
/// <param name="options">When to give up.</param>
public sealed class GpuInstall(GpuStore store, PullOptions options)
{
    /// <summary>Fetches the package from an npm registry.</summary>
    /// <returns>The library, and whether it had been there before.</returns>
    /// <exception cref="ModelException">It could not be had: why, and what to do. What was fetched stays for the next try, unless it was wrong.</exception>
    public Task<(InstalledGpuLibrary Installed, bool WasThere)> PullAsync(GpuLibrary library, Uri registry, IProgress<PullProgress>? progress, CancellationToken cancellationToken) =>
        InstallAsync(library, async partial =>
        {
            using var client = new HubClient(hub: null, token: null);
            Download.Ensure(options, store.Release, library.Bytes - partial.Stream.Length + library.FileBytes);
            await new Download(client, Source(library, registry), partial, options, Refused).RunAsync(progress, cancellationToken);
            await UnpackAsync(library, partial.Stream, cancellationToken);
        }, cancellationToken);

    /// <summary>Takes the package from a file, as <c>npm pack</c> fetches it on another machine.</summary>
    /// <exception cref="ModelException">It is another file, or can't be stored.</exception>
    public Task<(InstalledGpuLibrary Installed, bool WasThere)> TakeAsync(GpuLibrary library, string file, CancellationToken cancellationToken) =>
        InstallAsync(library, async _ =>
        {
            Download.Ensure(options, store.Release, library.FileBytes);
            var hash = await FileHash.OfAsync(file, library.Integrity, progress: null, cancellationToken);
            if (!FileHash.Equal(library.Integrity, hash)) throw new ModelException($"'{file}' is not {Label(library)}: its SHA-512 is {hash}, not {library.Integrity}. 'npm pack {Label(library)}' fetches that.");
            await using var stream = File.OpenRead(file);
            await UnpackAsync(library, stream, cancellationToken);
        }, cancellationToken);

    /// <summary>The package, with its version, as npm names it.</summary>
    public string Label(GpuLibrary library) => $"{library.Package}@{store.Catalog.Version}";

    private async Task<(InstalledGpuLibrary Installed, bool WasThere)> InstallAsync(GpuLibrary library, Func<PartialFile, Task> install, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(store.Release);
            using var partial = PartialFile.Open(store.Folder, library.Name, Path.Combine(store.Release, library.Name + ".tgz"));
            var there = store.Find(library) is { IsWhole: true } found && FileHash.Equal(await FileHash.OfAsync(found.Path, like: null, progress: null, cancellationToken), library.FileSha256);
            if (!there) await install(partial);
            partial.Delete();
            return (store.Find(library) ?? throw new ModelException($"'{library.Name}' was removed while it was installed."), there);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"'{library.Name}' can't be installed in '{store.Folder}': {e.Message}", e);
        }
    }

    /// <remarks>Every registry has packages at this path below its address.</remarks>
    private PullSource Source(GpuLibrary library, Uri registry)
    {
        var file = $"{library.Package[(library.Package.IndexOf('/', StringComparison.Ordinal) + 1)..]}-{store.Catalog.Version}.tgz";
        return new PullSource(new Uri(registry, $"{library.Package}/-/{file}"), Label(library), library.Name, library.Integrity);
    }

    private static string Refused(PullSource source, HttpStatusCode status)
    {
        var elsewhere = $"Name another with --registry, or fetch the file elsewhere ('npm pack {source.Label}') and give it with --from.";
        return status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"The registry doesn't let '{source.Label}' be read ({(int)status}). {elsewhere}",
            HttpStatusCode.NotFound => $"The registry has no '{source.Label}'. {elsewhere}",
            _ => $"'{source.Label}' could not be fetched: the registry answered {(int)status}. {elsewhere}",
        };
    }

    /// <summary>Writes the library aside, and moves it into place when it is whole.</summary>
    private async Task UnpackAsync(GpuLibrary library, Stream package, CancellationToken cancellationToken)
    {
        var aside = store.FolderOf(library) + ".new"; // what an install that was cut off left there is nobody's
        GpuStore.Delete(aside);
        Directory.CreateDirectory(aside);
        var path = Path.Combine(aside, Path.GetFileName(library.File));
        package.Position = 0;
        await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
        {
            await CopyAsync(library, package, file, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        var hash = await FileHash.OfAsync(path, like: null, progress: null, cancellationToken);
        if (!FileHash.Equal(hash, library.FileSha256)) throw new ModelException($"'{library.File}' of {Label(library)} is not the library that was expected: its SHA-256 is {hash}.");
        GpuStore.Delete(store.FolderOf(library)); // a damaged one; who has it open keeps it
        Directory.Move(aside, store.FolderOf(library));
    }

    private async Task CopyAsync(GpuLibrary library, Stream package, Stream file, CancellationToken cancellationToken)
    {
        try
        {
            await using var tar = new TarReader(new GZipStream(package, CompressionMode.Decompress, leaveOpen: true));
            while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                if (entry.Name != "package/" + library.File || entry.DataStream is not { } data) continue;
                if (entry.Length != library.FileBytes) break;
                await data.CopyToAsync(file, cancellationToken);
                return;
            }
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or EndOfStreamException)
        {
            throw new ModelException($"{Label(library)} can't be unpacked: {e.Message}", e);
        }

        throw new ModelException($"{Label(library)} has no '{library.File}' of {library.FileBytes} bytes.");
    }
}
