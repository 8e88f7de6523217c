using Infill.Completion.Documents;
using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>A place in a document → the prompt's tokens, within the budget. Any thread.</summary>
public sealed class PromptBuilder(IVocabulary vocabulary, FimTemplate template)
{
    private readonly LineTokenizer _tokenizer = new(vocabulary);

    /// <summary>Characters that a token of source code stands for at least, nearly always (the seed model's mean is 3.4).</summary>
    private const int CharactersPerToken = 3;

    /// <summary>Longer names are cut: they may be any URI, and are no part of the budgets.</summary>
    private const int MaxPathLength = 256;

    public FimTemplate Template => template;

    /// <summary>Tokens that a prompt may have besides its two texts: a token is at least a byte, a character at most three.</summary>
    public static int MaxOverhead(string path) => FimTemplate.MaxMarkers + 1 + (3 * Math.Min(path.Length, MaxPathLength)); // 1: the line feed after the name

    /// <summary>Builds the prompt for a cursor.</summary>
    /// <param name="text">The document.</param>
    /// <param name="cursor">Offset in UTF-16 units.</param>
    /// <param name="path">The file's name in the prompt; may be empty.</param>
    /// <param name="options">The budget.</param>
    /// <returns>Tokens, special ones included.</returns>
    public IReadOnlyList<int> Build(SourceText text, int cursor, string path, PromptOptions options) =>
        template.Render(Window(text, cursor, path, options), vocabulary);

    /// <summary>The parts that <see cref="Build"/> makes a prompt of.</summary>
    public FimPrompt Window(SourceText text, int cursor, string path, PromptOptions options)
    {
        var prefix = FitPrefix(text, cursor, options.PrefixTokens);
        var suffix = FitSuffix(text, cursor, options.SuffixTokens);
        return new FimPrompt(path.Length == 0 ? [] : Tokens(Shorten(path) + "\n"), prefix, suffix);
    }

    /// <summary>The end of a long name says more than its beginning; cut between two folders where there are any.</summary>
    private static string Shorten(string path)
    {
        if (path.Length <= MaxPathLength) return path;
        var slash = path.IndexOf('/', path.Length - MaxPathLength);
        var start = slash >= 0 && slash < path.Length - 1 ? slash + 1 : path.Length - MaxPathLength;
        return char.IsLowSurrogate(path[start]) ? path[(start + 1)..] : path[start..];
    }

    /// <summary>
    /// The window's start stays where it is while the user types: it moves by half a window at a time, so that the tokens
    /// before the cursor stay the same from key to key and their KV cache stays valid.
    /// </summary>
    private List<int> FitPrefix(SourceText text, int cursor, int budget)
    {
        for (var window = budget * CharactersPerToken; window >= 2; window /= 2)
        {
            var start = Anchor(text, cursor, window);
            var prefix = Tokens(text.Substring(start, cursor - start));
            if (prefix.Count <= budget) return prefix;
        }

        return [];
    }

    private static int Anchor(SourceText text, int cursor, int window)
    {
        if (cursor <= window) return 0;
        var half = window / 2;
        var anchor = (cursor - half) / half * half;
        var line = text.LineOf(anchor);
        if (text.LineStart(line) == anchor) return anchor;

        // Start with a whole line, unless the line is longer than the window.
        if (line + 1 < text.LineCount && text.LineStart(line + 1) is var next && next < cursor) return next;
        return char.IsLowSurrogate(text[anchor]) ? anchor + 1 : anchor;
    }

    private List<int> FitSuffix(SourceText text, int cursor, int budget)
    {
        for (var window = budget * CharactersPerToken; window >= 2; window /= 2)
        {
            var suffix = Tokens(text.Substring(cursor, SuffixEnd(text, cursor, window) - cursor));
            if (suffix.Count <= budget) return suffix;
        }

        return [];
    }

    private static int SuffixEnd(SourceText text, int cursor, int window)
    {
        if (text.Length - cursor <= window) return text.Length;
        var end = cursor + window;
        var lineStart = text.LineStart(text.LineOf(end));
        if (lineStart > cursor) return lineStart; // whole lines, unless there is not even one
        return char.IsLowSurrogate(text[end]) ? end - 1 : end;
    }

    private List<int> Tokens(string part)
    {
        var tokens = new List<int>(part.Length / 2);
        _tokenizer.Tokenize(WithLineFeeds(part), tokens);
        return tokens;
    }

    /// <summary>Models are trained on LF; the shaper turns line ends back.</summary>
    private static string WithLineFeeds(string text) =>
        text.Contains('\r', StringComparison.Ordinal) ? text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n') : text;
}
