using System.Net.Http.Headers;
using System.Text.Json;

namespace Infill.Models.Pulling;

/// <summary>What the bytes of a partial file are of: kept beside it, so that another run can go on.</summary>
/// <param name="Source">What it is called where it comes from.</param>
/// <param name="ETag">The server's; null where it gave none.</param>
/// <param name="Hash">Of the whole file, as <see cref="FileHash"/> has it; null where nobody named it.</param>
internal sealed record PartialState(string Source, string? ETag, string? Hash);

/// <summary>A file that isn't whole yet, under a name that no one loads, locked against other processes.</summary>
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
    public bool CanGoOn => Stream.Length > 0 && (State?.ETag is not null || State?.Hash is not null);

    public EntityTagHeaderValue? Validator => State?.ETag is { } tag && EntityTagHeaderValue.TryParse(tag, out var parsed) ? parsed : null;

    /// <param name="folder">Of the store; made where it is missing.</param>
    /// <param name="name">What is locked, and named in messages.</param>
    /// <param name="whole">Where it will be once it is whole, in that folder; the partial file is beside it.</param>
    /// <exception cref="ModelException">Another process has it.</exception>
    public static PartialFile Open(string folder, string name, string whole)
    {
        var locks = System.IO.Path.Combine(folder, ".locks"); // never deleted: a lock on a deleted file would guard nothing
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
            var path = whole + ModelStore.PartialEnding;
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

    /// <summary>The bytes are all there and right: makes them the file, in one step.</summary>
    public void Finish(string whole)
    {
        Stream.Flush(flushToDisk: true);
        File.Move(Path, whole, overwrite: false);
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
