using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine;

namespace Infill.Benchmarks.Drafting;

/// <summary>Places in this project's own files, so that every machine has the same: with something to copy, and as they are.</summary>
internal sealed class DraftPrompts
{
    private const int BlockLines = 24;
    private const int RetypedLines = 4;
    private const int LeastLines = 48;

    private readonly PromptBuilder _prompts;
    private readonly List<(string Name, string[] Lines)> _files;
    private readonly PromptOptions _options;
    private readonly Random _random;

    public DraftPrompts(IVocabulary vocabulary, PromptOptions options, int seed)
    {
        _options = options;
        _prompts = new PromptBuilder(vocabulary, FimTemplate.For(vocabulary));
#pragma warning disable CA5394 // repeatable by seed
        _random = new Random(seed);
#pragma warning restore CA5394
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Lsp.sln"))) root = Path.GetDirectoryName(root) ?? throw new DirectoryNotFoundException("This runs inside the repository.");
        _files = [.. Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(static path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(static path => (Path.GetFileName(path), File.ReadAllLines(path)))
            .Where(static file => file.Item2.Length >= LeastLines)];
    }

#pragma warning disable CA5394
    /// <summary>A block of a file is typed again below it, at the text's end; its first lines are there.</summary>
    public IReadOnlyList<int> Copying()
    {
        var (name, lines) = _files[_random.Next(_files.Count)];
        var block = _random.Next(lines.Length - BlockLines);
        var at = block + BlockLines;
        var before = string.Join('\n', [.. lines[..at], .. lines[block..(block + RetypedLines)]]) + "\n";
        return Build(name, before, "");
    }

    /// <summary>The start of a line anywhere in a file.</summary>
    public IReadOnlyList<int> AsTheyAre()
    {
        var (name, lines) = _files[_random.Next(_files.Count)];
        var at = _random.Next(4, lines.Length - 4);
        return Build(name, string.Join('\n', lines[..at]) + "\n", string.Join('\n', lines[at..]));
    }
#pragma warning restore CA5394

    private IReadOnlyList<int> Build(string name, string before, string after) =>
        _prompts.Build(SourceText.From(before + after), before.Length, name, _options);
}
