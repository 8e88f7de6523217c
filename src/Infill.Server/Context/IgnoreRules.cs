using System.Collections.Concurrent;
using MAB.DotIgnore;

namespace Infill.Server.Context;

/// <summary>What the files <c>.gitignore</c> and <c>.infillignore</c> say of a path, from the repository's root down to its folder.</summary>
/// <remarks>Reads the disk, and again where one of them has changed: not on the way of a request. Any thread.</remarks>
/// <param name="names">The files that hold rules; those named later outdo those before, and deeper ones those above.</param>
internal sealed class IgnoreRules(params IReadOnlyList<string> names)
{
    /// <summary>Longer files of rules are none.</summary>
    private const int MostBytes = 1 << 20;

    private readonly ConcurrentDictionary<string, Loaded> _folders = new(StringComparer.Ordinal);

    /// <summary>Both kinds: what must not become context.</summary>
    public static IgnoreRules ForContext() => new(".gitignore", ".infillignore");

    /// <summary>Those that are for us alone: where nothing is suggested either.</summary>
    public static IgnoreRules ForSuggestions() => new(".infillignore");

    /// <summary>Whether the rules leave a file out, or a folder that it is in.</summary>
    /// <param name="file">A full path.</param>
    /// <param name="roots">Folders of the workspace: where rules begin, unless a repository's root is above.</param>
    public bool IsIgnored(string file, IReadOnlyList<string> roots)
    {
        var folder = Path.GetDirectoryName(file);
        if (folder is null) return false;
        var root = RootOf(folder, roots);
        var rules = RulesOf(root, root);
        if (root == folder) return IsIgnored(rules, Path.GetFileName(file), isFolder: false);
        var parts = Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar);
        var path = "";
        for (var i = 0; i < parts.Length; i++)
        {
            path = i == 0 ? parts[i] : $"{path}/{parts[i]}";
            var isFolder = i < parts.Length - 1;
            if (IsIgnored(rules, path, isFolder)) return true;
            if (isFolder) rules = RulesOf(Path.Combine(root, path), root);
        }

        return false;
    }

    /// <summary>Of a folder's own entries: for walks, which know that the folder itself is none that is left out.</summary>
    public bool IsIgnoredIn(string root, string folder, string name, bool isFolder) =>
        IsIgnored(RulesOf(folder, root), root == folder ? name : $"{Path.GetRelativePath(root, folder).Replace('\\', '/')}/{name}", isFolder);

    /// <summary>The repository that a folder is in, else the workspace's folder, else the folder itself.</summary>
    public static string RootOf(string folder, IReadOnlyList<string> roots)
    {
        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if (Path.Exists(Path.Combine(at, ".git"))) return at;
        }

        return roots.FirstOrDefault(root => folder == root || folder.StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal)) ?? folder;
    }

    private static bool IsIgnored(IgnoreList rules, string path, bool isFolder) =>
        (isFolder && Path.GetFileName(path) is ".git" or ".hg" or ".svn") || (rules.Rules.Count > 0 && rules.IsIgnored(path, isFolder));

    private IgnoreList RulesOf(string folder, string root)
    {
        var above = folder == root ? null : RulesOf(Path.GetDirectoryName(folder)!, root);
        var written = Written(folder);
        if (_folders.TryGetValue(folder, out var known) && known.Written == written && ReferenceEquals(known.Above, above)) return known.Rules;
        var rules = Load(folder, root, above);
        _folders[folder] = new Loaded(rules, above, written);
        return rules;
    }

    private IgnoreList Load(string folder, string root, IgnoreList? above)
    {
        IEnumerable<string> own = names.SelectMany(name => Read(Path.Combine(folder, name)));
        if (folder == root && names.Count > 1) own = Read(Path.Combine(root, ".git", "info", "exclude")).Concat(own);
        var place = folder == root ? "" : Path.GetRelativePath(root, folder).Replace('\\', '/');
        List<string> added = [.. own.Select(rule => Below(place, rule)).OfType<string>()];
        if (above is not null && added.Count == 0) return above;
        var rules = above?.Clone() ?? new IgnoreList();
        foreach (var rule in added)
        {
            rules.AddRule(rule);
        }

        return rules;
    }

    /// <summary>A rule of a folder as one of the root: what names a place names it below the folder.</summary>
    /// <returns>Null for what is no rule.</returns>
    private static string? Below(string place, string line)
    {
        var rule = line.TrimEnd();
        if (rule.Length == 0 || rule[0] == '#') return null;
        if (place.Length == 0) return rule;
        var not = rule[0] == '!' ? "!" : "";
        rule = rule[not.Length..];
        var isPlaced = rule.AsSpan().TrimEnd('/').Contains('/');
        return $"{not}/{place}/{(isPlaced ? rule.TrimStart('/') : "**/" + rule)}";
    }

    private static string[] Read(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= MostBytes } ? File.ReadAllLines(path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // what can't be read rules nothing, for git neither
        }
    }

    private long Written(string folder)
    {
        var written = 0L;
        foreach (var name in names) written = HashCode.Combine(written, File.GetLastWriteTimeUtc(Path.Combine(folder, name)).Ticks); // a fixed date where there is none
        return written;
    }

    private sealed record Loaded(IgnoreList Rules, IgnoreList? Above, long Written);
}
