using System.Collections.Concurrent;
using System.Text;

namespace Infill.Tests.Scenarios;

/// <summary>Keeps each prompt that a scripted model was given, as the text around the cursor.</summary>
internal sealed class PromptLog
{
    /// <summary>In order; the cursor is written as ‸.</summary>
    public ConcurrentQueue<string> Prompts { get; } = new();

    /// <summary>Names of the files, as the prompts gave them.</summary>
    public ConcurrentQueue<string> Paths { get; } = new();

    /// <summary>A rule that looks before it follows another.</summary>
    public Func<IReadOnlyList<int>, int> Before(Func<IReadOnlyList<int>, int> rule) => tokens =>
    {
        if (tokens[^1] == ByteVocabulary.Middle) Add([.. tokens]);
        return rule(tokens);
    };

    private void Add(List<int> tokens)
    {
        var prefix = tokens.IndexOf(ByteVocabulary.Prefix);
        var suffix = tokens.IndexOf(ByteVocabulary.Suffix);
        Paths.Enqueue(Text(tokens[Math.Min(1, prefix)..prefix]).TrimEnd('\n'));
        Prompts.Enqueue($"{Text(tokens[(prefix + 1)..suffix])}‸{Text(tokens[(suffix + 1)..^1])}");
    }

    private static string Text(List<int> tokens) => Encoding.UTF8.GetString([.. tokens.Select(static token => (byte)token)]);
}
