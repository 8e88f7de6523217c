using Infill.Completion.Context;
using Infill.Completion.Documents;
using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>A place in a document → the prompt's tokens, within the budget. Any thread.</summary>
/// <exception cref="EngineException">The model lacks a marker of the template.</exception>
public sealed class PromptBuilder(IVocabulary vocabulary, FimTemplate template)
{
    private readonly LineTokenizer _tokenizer = new(vocabulary);
    private readonly BoundTemplate _bound = new(template, vocabulary);

    /// <summary>The template with the model's own tokens.</summary>
    public BoundTemplate Template => _bound;

    /// <summary>Builds the prompt for a cursor, and what goes with it: the text that goes on, and what ends it.</summary>
    /// <param name="text">The document.</param>
    /// <param name="cursor">Offset in UTF-16 units.</param>
    /// <param name="names">How the file is called in the prompt.</param>
    /// <param name="options">The budget.</param>
    /// <param name="files">Parts of other files, the least useful first; beside the budget, which is for the document's own text.</param>
    public GenerationRequest Request(SourceText text, int cursor, FileNames names, PromptOptions options, IReadOnlyList<ContextFile>? files = null)
    {
        var window = Window(text, cursor, options) with { Names = names, Files = files ?? [] };
        var removed = options.Healing ? TokenHealing.TokensToRemove(window.Prefix, vocabulary) : 0;
        if (removed == window.Prefix.Count && template.Order == FimOrder.PrefixOnly) removed = 0; // something must be left to continue
        var start = TokenHealing.Bytes(window.Prefix, removed, vocabulary);
        var tokens = _bound.Render(window with { Prefix = [.. window.Prefix.Take(window.Prefix.Count - removed)] }, out var prefix);
        return new GenerationRequest(tokens) { Continued = prefix, Start = start, StopTokens = _bound.Stops };
    }

    /// <summary>The parts of other files that fit, whole chunks only.</summary>
    /// <param name="choices">The best first.</param>
    /// <param name="budget">Tokens that they may have together, with their names.</param>
    /// <returns>The best last, nearest to the document's own text; none where the template has no place for them.</returns>
    public List<ContextFile> Files(IReadOnlyList<ContextChoice> choices, int budget)
    {
        var files = new List<ContextFile>();
        if (!_bound.TakesFiles) return files;
        foreach (var choice in choices)
        {
            var file = new ContextFile(new FileNames(choice.Chunk.Path).Shortened().Path, Tokens(choice.Chunk.Text)) { Choice = choice };
            var size = _bound.SizeOf(file);
            if (size > budget) continue;
            budget -= size;
            files.Add(file);
        }

        files.Reverse();
        return files;
    }

    /// <summary>The prompt's tokens alone, special ones included and none taken back.</summary>
    public IReadOnlyList<int> Build(SourceText text, int cursor, string path, PromptOptions options) =>
        Request(text, cursor, new FileNames(path), options with { Healing = false }).Prompt;

    /// <summary>The texts around the cursor that <see cref="Request"/> makes a prompt of.</summary>
    public FimPrompt Window(SourceText text, int cursor, PromptOptions options) =>
        new(FitPrefix(text, cursor, options.PrefixTokens, out var start), FitSuffix(text, cursor, SuffixBudget(options), out var end)) { Start = start, End = end };

    private int SuffixBudget(PromptOptions options) =>
        template.Order == FimOrder.PrefixFirst ? Math.Min(options.SuffixTokens, options.TrailingSuffixTokens) : options.SuffixTokens;

    private List<int> FitPrefix(SourceText text, int cursor, int budget, out int start)
    {
        for (var window = budget * TextWindow.CharactersPerToken; window >= 2; window /= 2)
        {
            start = TextWindow.Start(text, cursor, window);
            var prefix = Tokens(template.Lead + text.Substring(start, cursor - start));
            if (prefix.Count <= budget) return prefix;
        }

        start = cursor;
        return [];
    }

    private List<int> FitSuffix(SourceText text, int cursor, int budget, out int end)
    {
        for (var window = budget * TextWindow.CharactersPerToken; window >= 2; window /= 2)
        {
            end = TextWindow.End(text, cursor, window);
            var suffix = Tokens(text.Substring(cursor, end - cursor));
            if (suffix.Count <= budget) return suffix;
        }

        end = cursor;
        return [];
    }

    /// <summary>A text's tokens, as prompts have them.</summary>
    public List<int> Tokens(string part)
    {
        var tokens = new List<int>(part.Length / 2);
        _tokenizer.Tokenize(TextWindow.WithLineFeeds(part), tokens);
        return tokens;
    }
}
