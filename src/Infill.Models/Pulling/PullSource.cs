namespace Infill.Models.Pulling;

/// <summary>A file that can be pulled: where it is, and what it will be called here.</summary>
/// <param name="Url">Of the file itself.</param>
/// <param name="Label">For people and for the record: the hub's <c>owner/repo:file</c>, or the URL without secrets.</param>
/// <param name="Name">Of what is stored.</param>
/// <param name="Hash">What it must be, as <see cref="FileHash"/> has it; null leaves that to the hub.</param>
public sealed record PullSource(Uri Url, string Label, string Name, string? Hash);

/// <summary>What the user named → where that is.</summary>
/// <param name="hub">The hub's address; null where none is configured.</param>
public sealed class PullSources(Uri? hub)
{
    /// <summary>Reads a hub's address from <c>HF_ENDPOINT</c> or the settings.</summary>
    /// <exception cref="ModelException">It is no address of the web.</exception>
    public static Uri? Hub(string? address)
    {
        if (string.IsNullOrWhiteSpace(address)) return null;
        return Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new ModelException("The hub's address (HF_ENDPOINT, or 'hub' in your settings file) must begin with https:// or http://.");
    }

    /// <param name="wanted">A name of the catalogue, a URL, or <c>owner/repo:file</c>.</param>
    /// <param name="name">What to call it; null takes the catalogue's name or the file's.</param>
    /// <param name="sha256">What the user knows that it is; null for nothing.</param>
    /// <exception cref="ModelException">It is none of these, or there is no hub to ask.</exception>
    public PullSource Find(string wanted, string? name, string? sha256)
    {
        if (sha256 is not null && !IsSha256(sha256)) throw new ModelException("--sha256 must have 64 hexadecimal digits.");
        if (wanted.Contains("://", StringComparison.Ordinal)) return OfUrl(wanted, name, sha256);
        if (ModelCatalog.Find(wanted) is { } known) return OfHub(known.Repository, known.File, name ?? known.Name, sha256 ?? known.Sha256);

        var colon = wanted.IndexOf(':', StringComparison.Ordinal);
        var (repository, file) = colon < 0 ? (wanted, "") : (wanted[..colon], wanted[(colon + 1)..]);
        if (repository.Split('/') is not [{ Length: > 0 }, { Length: > 0 }]) throw new ModelException($"There is no model '{wanted}'. Give a name of 'infill model list', owner/repo:file, or a URL.");
        if (file.Length == 0) throw new ModelException($"Say which file of '{repository}': {repository}:FILE{ModelStore.Ending}.");
        var match = ModelCatalog.All.FirstOrDefault(model => model.Repository.Equals(repository, StringComparison.OrdinalIgnoreCase) && model.File == file);
        return OfHub(repository, file, name ?? match?.Name, sha256);
    }

    internal static bool IsSha256(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigit);

    /// <summary>An address without what may be secret in it.</summary>
    internal static string Plain(Uri url) => url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    private PullSource OfHub(string repository, string file, string? name, string? sha256)
    {
        if (hub is null)
        {
            throw new ModelException("No model hub is configured. Set HF_ENDPOINT, or 'hub' in your settings file, to the address of a Hugging Face-compatible hub or mirror; or give the file's URL.");
        }

        var path = string.Join('/', $"{repository}/resolve/main/{file}".Split('/').Select(Uri.EscapeDataString));
        if (path.Split('/').Contains("..")) throw new ModelException($"'{repository}:{file}' is no file of a hub.");
        return new PullSource(new Uri(hub, path), $"{repository}:{file}", NameOf(name ?? file), sha256);
    }

    private static PullSource OfUrl(string text, string? name, string? sha256)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http")) throw new ModelException("The URL must begin with https:// or http://.");
        return new PullSource(url, Plain(url), NameOf(name ?? Uri.UnescapeDataString(url.Segments[^1])), sha256);
    }

    private static string NameOf(string file)
    {
        var name = file[(file.LastIndexOf('/') + 1)..];
        if (name.EndsWith(ModelStore.Ending, StringComparison.OrdinalIgnoreCase)) name = name[..^ModelStore.Ending.Length];
        if (name.Contains("-of-0", StringComparison.Ordinal)) throw new ModelException($"'{file}' is one part of several; Infill uses models of one file.");
        return ModelStore.IsName(name) ? name : throw new ModelException($"'{name}' can't be a model's name; choose one of letters, digits, dots and dashes with --name.");
    }
}
