using Infill.Engine;

namespace Infill.Server.Benchmarking.Traces;

/// <summary>Prompts of plain text, cut from the trace files, no two with the same beginning: nothing of one is in the cache for another.</summary>
/// <remarks>Plain text goes on for long; a prompt with FIM markers would end after a line, at another length on each side.</remarks>
/// <param name="vocabulary">Cuts them.</param>
/// <param name="part">Whose prompts they are: a peer keeps those of all parts, and had 450 tokens/s for one whose beginning an earlier part had asked, where 180 were possible.</param>
internal sealed class PromptCuts(IVocabulary vocabulary, string part)
{
    private int _next;

    /// <summary>The next prompt, of exactly that many tokens.</summary>
    public IReadOnlyList<int> Take(int tokens)
    {
        var number = _next++;
        var files = TraceFile.All;
        var ids = new List<int>(tokens + 64);
        if (vocabulary.BeginningOfText is { } beginning) ids.Add(beginning);
        vocabulary.Tokenize($"{part} {number}: {files[number % files.Count].Name}\n", ids);
        for (var i = number; ids.Count < tokens; i++)
        {
            var text = files[i % files.Count].Text;
            var from = text.IndexOf('\n', number * 131 % (text.Length / 2)) + 1;
            vocabulary.Tokenize(text.AsSpan(from), ids);
        }

        ids.RemoveRange(tokens, ids.Count - tokens);
        return ids;
    }

    /// <summary>That many prompts of 300 to 600 tokens, as the requests of an editor have them.</summary>
    public IReadOnlyList<int>[] TakeMany(int count) => [.. Enumerable.Range(0, count).Select(i => Take(300 + (i * 97 % 301)))];
}
