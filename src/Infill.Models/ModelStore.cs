using System.Text.Json;
using Infill.Models.Gguf;
using Infill.Models.Pulling;

namespace Infill.Models;

/// <summary>Where a stored model came from, and what it must be: kept beside it.</summary>
/// <param name="Source">The hub's <c>owner/repo:file</c>, or a URL without what follows <c>?</c>.</param>
/// <param name="Sha256">Of the whole file, hexadecimal.</param>
/// <param name="Bytes">Of the whole file.</param>
public sealed record ModelOrigin(string Source, string Sha256, long Bytes);

/// <summary>A model of the store.</summary>
/// <param name="Name">The file's, without its ending.</param>
/// <param name="Path">In full.</param>
/// <param name="Bytes">As they lie there.</param>
/// <param name="Origin">Null where it was put there by hand.</param>
public sealed record StoredModel(string Name, string Path, long Bytes, ModelOrigin? Origin);

/// <summary>The folder of the user's models. Files with other endings than .gguf are being pulled, and no model yet.</summary>
/// <param name="folder">Made when it is first needed.</param>
public sealed class ModelStore(string folder)
{
    public const string Ending = ".gguf";

    /// <summary>Of a file that is being pulled.</summary>
    public const string PartialEnding = ".partial";

    private const string OriginEnding = ".origin.json";

    /// <summary><c>~/.local/share/infill/models</c>, or where <c>XDG_DATA_HOME</c> says.</summary>
    public static ModelStore OfUser
    {
        get
        {
            var home = Environment.GetEnvironmentVariable("XDG_DATA_HOME");
            if (string.IsNullOrEmpty(home)) home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share");
            return new ModelStore(Path.Combine(home, "infill", "models"));
        }
    }

    public string Folder => folder;

    /// <summary>All models, by name.</summary>
    public IReadOnlyList<StoredModel> List() => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*" + Ending).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal).Select(name => Find(name!)).OfType<StoredModel>()]
        : [];

    /// <returns>Null where there is none.</returns>
    public StoredModel? Find(string name)
    {
        if (!IsName(name)) return null;
        var file = new FileInfo(PathOf(name));
        return file.Exists ? new StoredModel(name, file.FullName, file.Length, ReadOrigin(name)) : null;
    }

    /// <summary>Where a model of that name lies, or would.</summary>
    public string PathOf(string name) => Path.Combine(Path.GetFullPath(folder), name + Ending);

    /// <summary>Whether it can be a file's name here: letters, digits, dots, dashes, underscores; no path.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 128 && name[0] != '.' && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <summary>Reads the whole file and compares it with what was pulled.</summary>
    /// <returns>Its header.</returns>
    /// <exception cref="ModelException">It is damaged, or no model.</exception>
    public static async Task<GgufHeader> VerifyAsync(StoredModel model, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var header = GgufHeader.Read(model.Path);
        if (model.Origin is not { } origin) return header;
        var again = $"Remove it with 'infill model remove {model.Name}' and pull it again.";
        if (model.Bytes != origin.Bytes) throw new ModelException($"'{model.Path}' has {model.Bytes} bytes, and {origin.Bytes} were pulled. {again}");
        var hash = await FileHash.OfAsync(model.Path, origin.Sha256, progress, cancellationToken);
        return hash.Equals(origin.Sha256, StringComparison.OrdinalIgnoreCase)
            ? header
            : throw new ModelException($"'{model.Path}' has changed since it was pulled: its SHA-256 is {hash}, not {origin.Sha256}. {again}");
    }

    /// <summary>Deletes a model, and what was begun of it.</summary>
    /// <exception cref="ModelException">The file can't be deleted.</exception>
    public void Remove(string name)
    {
        if (!IsName(name)) return;
        try
        {
            foreach (var ending in new[] { "", PartialEnding, PartialEnding + ".json", OriginEnding }) File.Delete(PathOf(name) + ending);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"'{PathOf(name)}' can't be removed: {e.Message}", e);
        }
    }

    /// <summary>Written before the model is moved into place: a model without it is one that was put there by hand.</summary>
    internal void WriteOrigin(string name, ModelOrigin origin)
    {
        var path = PathOf(name) + OriginEnding;
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(origin, ModelsJsonContext.Default.ModelOrigin));
        File.Move(path + ".new", path, overwrite: true);
    }

    private ModelOrigin? ReadOrigin(string name)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(PathOf(name) + OriginEnding), ModelsJsonContext.Default.ModelOrigin);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
