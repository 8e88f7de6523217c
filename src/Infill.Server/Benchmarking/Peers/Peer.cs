namespace Infill.Server.Benchmarking.Peers;

/// <summary>A llama-server to measure against.</summary>
/// <param name="Name">Its column. <c>usual</c> is asked as llama.vim and llama.vscode ask; any other gets the windows and limits that Infill uses itself.</param>
/// <param name="Url">Where it listens.</param>
internal sealed record Peer(string Name, Uri Url)
{
    private const string Unnamed = "peer";

    public bool IsUsual => Name == "usual";

    /// <param name="argument"><c>NAME=URL</c>, or an URL alone.</param>
    /// <param name="peer">What was read.</param>
    public static bool TryParse(string argument, out Peer peer)
    {
        peer = null!;
        var split = argument.IndexOf('=', StringComparison.Ordinal);
        var scheme = argument.IndexOf("://", StringComparison.Ordinal);
        var isNamed = split > 0 && (scheme < 0 || split < scheme); // an URL may hold an equals sign itself
        var name = isNamed ? argument[..split] : Unnamed;
        if (!Uri.TryCreate(isNamed ? argument[(split + 1)..] : argument, UriKind.Absolute, out var url)) return false;
        if (url.Scheme is not ("http" or "https") || BenchReport.OwnColumns.Contains(name)) return false;
        peer = new Peer(name, url);
        return true;
    }
}
