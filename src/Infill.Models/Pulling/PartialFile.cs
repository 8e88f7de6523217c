using System.Net.Http.Headers;
using System.Text.Json;

namespace Infill.Models.Pulling;

/// <summary>What the bytes of a partial file are of: kept beside it, so that another run can go on.</summary>
/// <param name="Source">As <see cref="ModelOrigin.Source"/>.</param>
/// <param name="ETag">The server's; null where it gave none.</param>
/// <param name="Sha256">Of the whole file; null where nobody named it.</param>
internal sealed record PartialState(string Source, string? ETag, string? Sha256);

/// <summary>A model that isn't whole yet, under a name that no one loads, locked against other processes.</summary>
internal sealed class PartialFile : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _statePath;

    private PartialFile(FileStream @lock, FileStream stream, string path)
    {
        _lock = @lock;
        Stream = stream;
        Path = path;
        _statePath = path + ".json";
        State = Read(_statePath);
    }

    public string Path { get; }

    public FileStream Stream { get; }

    public PartialState? State { get; private set; }

    /// <summary>Whether more bytes can be put behind those that are there.</summary>
    public bool CanGoOn => Stream.Length > 0 && (State?.ETag is not null || State?.Sha256 is not null);

    public EntityTagHeaderValue? Validator => State?.ETag is { } tag && EntityTagHeaderValue.TryParse(tag, out var parsed) ? parsed : null;

    /// <exception cref="ModelException">Another process has it.</exception>
    public static PartialFile Open(ModelStore store, string name)
    {
        var locks = System.IO.Path.Combine(store.Folder, ".locks"); // never deleted: a lock on a deleted file would guard nothing
        Directory.CreateDirectory(locks);
        FileStream held;
        try
        {
            held = new FileStream(System.IO.Path.Combine(locks, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new ModelException($"'{name}' is being pulled by another process; wait for that one.", e);
        }

        try
        {
            var path = store.PathOf(name) + ModelStore.PartialEnding;
            var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
            return new PartialFile(held, stream, path);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Forgets what there is, and says what comes now.</summary>
    public void Begin(PartialState state)
    {
        Stream.SetLength(0);
        File.WriteAllText(_statePath, JsonSerializer.Serialize(state, ModelsJsonContext.Default.PartialState));
        State = state;
    }

    public void Delete()
    {
        Stream.SetLength(0);
        File.Delete(Path);
        File.Delete(_statePath);
        State = null;
    }

    /// <summary>The bytes are all there and right: makes them the model, in one step.</summary>
    public void Finish(string model)
    {
        Stream.Flush(flushToDisk: true);
        File.Move(Path, model, overwrite: false);
        File.Delete(_statePath);
    }

    public void Dispose()
    {
        Stream.Dispose();
        _lock.Dispose();
    }

    private static PartialState? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), ModelsJsonContext.Default.PartialState);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
