using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine;

namespace Infill.Server.Benchmarking.Traces;

/// <summary>Prompts of a user who types again what stands above, and of one who doesn't. The same ones on every machine.</summary>
internal sealed class CopyPrompts(IVocabulary vocabulary, PromptOptions options)
{
    private const int BlockLines = 12;
    private const int RetypedLines = 2;
    private const int MostLinesBetween = 8;

    private readonly PromptBuilder _prompts = new(vocabulary, FimTemplate.For(vocabulary));

    /// <summary>A block is begun again some lines below it: its first two lines are there already.</summary>
    /// <param name="number">Which; no two below some ten thousand are the same.</param>
    public IReadOnlyList<int> Copying(int number)
    {
        var (name, lines) = File(number);
        var block = number / TraceFile.All.Count * 7 % (lines.Length - BlockLines - MostLinesBetween);
        var at = block + BlockLines + (number / TraceFile.All.Count % MostLinesBetween);
        return Build(name, [.. lines[..at], .. lines[block..(block + RetypedLines)]], lines[at..]);
    }

    /// <summary>The start of a line of a file as it is.</summary>
    public IReadOnlyList<int> AsItIs(int number)
    {
        var (name, lines) = File(number);
        var at = 4 + (number / TraceFile.All.Count * 5 % (lines.Length - 8));
        return Build(name, lines[..at], lines[at..]);
    }

    private static (string Name, string[] Lines) File(int number)
    {
        var file = TraceFile.All[number % TraceFile.All.Count];
        return (file.Name, file.Text.Split('\n'));
    }

    private IReadOnlyList<int> Build(string name, string[] before, string[] after)
    {
        var prefix = string.Join('\n', before) + "\n";
        return _prompts.Build(SourceText.From(prefix + string.Join('\n', after)), prefix.Length, name, options);
    }
}
