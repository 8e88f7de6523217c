using Infill.Completion.Documents;
using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>Has a model fill gaps whose text is known: one that is prompted in an order it never saw fills none of them.</summary>
internal static class TemplateProof
{
    /// <summary>
    /// A program with a cursor, and the rest of its line. The name that it begins with stands after the cursor alone. Not each has to
    /// be filled: of several right lines a model writes the one that its training had most of.
    /// </summary>
    private static readonly (string Path, string Text, string Line)[] s_gaps =
    [
        ("Sum.cs", "static int Sum(int[] values)\n{\n    int ‸\n    foreach (int value in values) tally += value;\n    return tally;\n}\n", "tally = 0;"),
        ("sum.go", "func sum(values []int) int {\n\t‸\n\tfor _, value := range values {\n\t\ttally += value\n\t}\n\treturn tally\n}\n", "tally := 0"),
        ("first.js", "function first(items) {\n  const ‸\n  return item;\n}\n", "item = items[0];"),
        ("Count.java", "static int count(String[] names) {\n    int ‸\n    for (String name : names) found++;\n    return found;\n}\n", "found = 0;"),
        ("sum.rs", "fn sum(values: &[i32]) -> i32 {\n    let mut ‸\n    for value in values {\n        tally += value;\n    }\n    tally\n}\n", "tally = 0;"),
        ("last.js", "function last(names) {\n  const ‸\n  return name;\n}\n", "name = names[names.length - 1];"),
    ];

    /// <summary>
    /// So many gaps must be filled: the default model fills five in either order that it was trained on, and at most one in four others
    /// (the first, where the suffix stands before the prefix and the last marker between them).
    /// </summary>
    private const int Enough = 2;

    /// <summary>What the proof asks: with another question it is another proof.</summary>
    public static string Identity { get; } = string.Join('\0', s_gaps.Select(static gap => gap.Text)) + Enough;

    /// <exception cref="EngineException">The engine could not say.</exception>
    public static async Task<bool> HoldsAsync(CompletionEngine engine, PromptBuilder prompts)
    {
        var filled = 0;
        foreach (var (path, text, line) in s_gaps)
        {
            var cursor = text.IndexOf('‸', StringComparison.Ordinal);
            var request = prompts.Request(SourceText.From(text.Remove(cursor, 1)), cursor, new FileNames(path), PromptOptions.Default with { Healing = false }) with
            {
                MaxTokens = 16,
                StopStrings = ["\n"],
                Priority = RequestPriority.Invoked,
            };
            if ((await FirstLineAsync(engine, request).ConfigureAwait(false)).Trim() == line && ++filled == Enough) return true;
        }

        return false;
    }

    private static async Task<string> FirstLineAsync(CompletionEngine engine, GenerationRequest request)
    {
        var line = "";
        await foreach (var chunk in engine.GenerateAsync(request, CancellationToken.None).ConfigureAwait(false))
        {
            line += chunk.Text;
            if (chunk.Finish is FinishReason.Faulted or FinishReason.Cancelled or FinishReason.Overloaded)
            {
                throw new EngineException($"The model's template could not be proved: {chunk.Fault ?? chunk.Finish.ToString()}");
            }
        }

        return line;
    }
}
