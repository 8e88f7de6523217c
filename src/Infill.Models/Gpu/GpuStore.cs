namespace Infill.Models.Gpu;

/// <summary>A GPU library that is installed.</summary>
/// <param name="Library">Which one.</param>
/// <param name="Path">Its file.</param>
/// <param name="Bytes">As they lie there.</param>
/// <param name="Written">When the file was.</param>
public sealed record InstalledGpuLibrary(GpuLibrary Library, string Path, long Bytes, DateTime Written)
{
    /// <summary>Whether it can be all of it.</summary>
    public bool IsWhole => Bytes == Library.FileBytes;
}

/// <summary>The folder of the user's GPU libraries: a folder for each release of llama.cpp, in it one for each library.</summary>
/// <param name="folder">Made when it is first needed.</param>
/// <param name="catalog">What there may be.</param>
public sealed class GpuStore(string folder, GpuCatalog catalog)
{
    /// <summary><c>~/.local/share/infill/gpu</c>, beside the models; not there where nothing was ever installed.</summary>
    public static string FolderOfUser => Path.Combine(Path.GetDirectoryName(ModelStore.OfUser.Folder)!, "gpu");

    public static GpuStore OfUser => new(FolderOfUser, GpuCatalog.Default);

    public GpuCatalog Catalog => catalog;

    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>Of the release that is used.</summary>
    internal string Release => Path.Combine(Folder, catalog.Llama);

    /// <summary>Those of the release that is used, in the order in which they are tried. Costs no more than a look at the disk.</summary>
    public IReadOnlyList<InstalledGpuLibrary> List() =>
        Directory.Exists(Release) ? [.. catalog.Here.Select(Find).OfType<InstalledGpuLibrary>()] : [];

    /// <returns>Null where it isn't installed.</returns>
    public InstalledGpuLibrary? Find(GpuLibrary library)
    {
        var file = new FileInfo(Path.Combine(FolderOf(library), Path.GetFileName(library.File)));
        return file.Exists ? new InstalledGpuLibrary(library, file.FullName, file.Length, file.LastWriteTimeUtc) : null;
    }

    /// <summary>Deletes a library, and what was begun of it.</summary>
    /// <exception cref="ModelException">The folder can't be deleted.</exception>
    public void Remove(GpuLibrary library) => Guarded(() =>
    {
        Delete(FolderOf(library));
        foreach (var begun in Directory.Exists(Release) ? Directory.GetFiles(Release, $"{library.Name}.tgz*") : []) File.Delete(begun);
    });

    /// <summary>Deletes what other releases of llama.cpp left.</summary>
    /// <exception cref="ModelException">A folder can't be deleted.</exception>
    public void RemoveOtherReleases() => Guarded(() =>
    {
        foreach (var release in Directory.Exists(Folder) ? Directory.GetDirectories(Folder) : [])
        {
            if (Path.GetFileName(release) is not ".locks" && release != Release) Delete(release);
        }
    });

    internal string FolderOf(GpuLibrary library) => Path.Combine(Release, library.Name);

    internal static void Delete(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private void Guarded(Action change)
    {
        try
        {
            change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"'{Folder}' can't be changed: {e.Message}", e);
        }
    }
}
