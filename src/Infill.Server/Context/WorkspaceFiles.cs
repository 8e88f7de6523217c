using System.Text;
using Infill.Completion.Context;
using Infill.Completion.Documents;
using Infill.Completion.Shaping;

namespace Infill.Server.Context;

/// <summary>The source files of a workspace that may become context: bounded, without what is ignored, binary, huge or secret-looking.</summary>
/// <param name="rules">What is left out.</param>
internal sealed class WorkspaceFiles(IgnoreRules rules)
{
    /// <summary>Of all files together; what comes later in the walk is left out.</summary>
    public const int MostCharacters = 4_000_000;

    private const int MostFolders = 2_000;
    private const int MostFiles = 2_000;
    private const long MostBytes = 400_000; // of one file

    /// <summary>Folders of packages and builds, which not every workspace lists in its rules.</summary>
    private static readonly HashSet<string> s_skipped = new(StringComparer.Ordinal) { "node_modules", "__pycache__", "vendor", "third_party", "target", "venv" };

    /// <summary>Whether a file's name says that it is source code.</summary>
    public static bool IsSource(string name) => CodeLanguage.IdOf(name).Length > 0;

    /// <summary>Full paths of source files in a folder and below, the rules of the repository around it applied.</summary>
    public IEnumerable<string> WalkBelow(string folder)
    {
        var root = IgnoreRules.RootOf(folder, [folder]);
        return Walk(root, folder, above: false);
    }

    /// <summary>Full paths of source files, those of the nearest folders first.</summary>
    /// <param name="root">Where it ends: nothing above is looked at.</param>
    /// <param name="nearest">A folder below, or the root itself: where it begins.</param>
    /// <param name="above">Whether it goes on to the folders above.</param>
    public IEnumerable<string> Walk(string root, string nearest, bool above = true)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var folders = new Queue<string>([nearest]);
        var files = 0;
        for (var at = nearest; ;)
        {
            while (folders.TryDequeue(out var folder))
            {
                if (seen.Count >= MostFolders || !seen.Add(folder)) continue;
                foreach (var (entry, isFolder) in Entries(folder))
                {
                    var name = Path.GetFileName(entry);
                    if (name.StartsWith('.') || rules.IsIgnoredIn(root, folder, name, isFolder)) continue;
                    if (isFolder)
                    {
                        if (!s_skipped.Contains(name)) folders.Enqueue(entry);
                    }
                    else if (IsSource(name) && !SecretScan.IsSecretName(name))
                    {
                        if (++files > MostFiles) yield break;
                        yield return entry;
                    }
                }
            }

            if (!above || at == root || Path.GetDirectoryName(at) is not { } next) yield break;
            folders.Enqueue(at = next);
        }
    }

    /// <summary>Null for what can't be read, or is no text of a sensible size.</summary>
    public static SourceText? TryRead(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MostBytes) return null;
            var bytes = File.ReadAllBytes(path);
            if (bytes.AsSpan().Contains((byte)0)) return null;
            var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
            return SourceText.From(text.TrimStart('\uFEFF')); // a byte order mark is no text
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>What is in a folder, in an order that is the same everywhere; links are not followed.</summary>
    private static List<(string Path, bool IsFolder)> Entries(string folder)
    {
        try
        {
            var options = new EnumerationOptions { AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device };
            return
            [
                .. Directory.EnumerateFiles(folder, "*", options).Order(StringComparer.Ordinal).Select(static path => (path, false)),
                .. Directory.EnumerateDirectories(folder, "*", options).Order(StringComparer.Ordinal).Select(static path => (path, true)),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
