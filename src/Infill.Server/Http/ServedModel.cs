using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Server.Settings;

namespace Infill.Server.Http;

/// <summary>The engine as requests over HTTP use it: prompts of text or of the two texts around a cursor. Any thread.</summary>
internal sealed class ServedModel(CompletionEngine engine, InfillSettings settings)
{
    /// <summary>No token of code stands for more, so that what is longer need not be tokenized to be refused.</summary>
    private const int MostCharactersPerToken = 64;

    /// <summary>Tokens around another file's name and text, at most.</summary>
    private const int FileMarkers = 4;

    private PromptBuilder? _prompts; // two threads may both make it, with the same result

    public CompletionEngine Engine => engine;

    public InfillSettings Settings => settings;

    /// <summary>The model's own name, or its file's.</summary>
    public string Name => engine.Vocabulary?.ModelName is { Length: > 0 } name ? name : Path.GetFileNameWithoutExtension(settings.ModelPath);

    /// <exception cref="ApiException">The model could not be loaded.</exception>
    public async Task<IVocabulary> VocabularyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await engine.Ready.WaitAsync(cancellationToken);
        }
        catch (EngineException e)
        {
            throw ApiException.Unavailable(e.Message);
        }
    }

    /// <summary>Tokens of a prompt that was written out, special ones as they are spelled.</summary>
    /// <exception cref="ApiException">It is longer than the model can take.</exception>
    public void Tokenize(IVocabulary vocabulary, string text, List<int> tokens)
    {
        if (text.Length > engine.MaxSequenceTokens * MostCharactersPerToken)
        {
            throw ApiException.TooLong($"The prompt has {text.Length} characters; the context has {engine.MaxSequenceTokens} tokens.");
        }

        vocabulary.TokenizeMarked(text, tokens);
    }

    /// <summary>The request for a cursor between two texts, as the editors' own have it.</summary>
    /// <param name="prefix">Text before the cursor.</param>
    /// <param name="suffix">Text after it.</param>
    /// <param name="others">Parts of other files, the least useful first: as many from the end as there is room for, where the model has a place for them.</param>
    /// <param name="maxTokens">To generate.</param>
    /// <param name="showsTokens">Tokens are told beside the text: then none begins before the cursor.</param>
    /// <param name="cancellationToken">The sender has gone.</param>
    /// <exception cref="ApiException">The model was not trained for it.</exception>
    public async Task<GenerationRequest> AroundCursorAsync(
        string prefix, string suffix, IReadOnlyList<ExtraBody> others, int maxTokens, bool showsTokens, CancellationToken cancellationToken)
    {
        var vocabulary = await VocabularyAsync(cancellationToken);
        var prompts = _prompts ??= new PromptBuilder(vocabulary, settings.Template ?? FimTemplate.For(vocabulary));
        if (prompts.Template.Template.Order == FimOrder.PrefixOnly)
        {
            throw ApiException.NotSupported("Infill is not supported by this model: it has no fill-in-the-middle tokens.");
        }

        var room = engine.MaxSequenceTokens - maxTokens - prompts.Template.MaxOverhead(FileNames.None);
        var options = settings.Prompt.Within(room) with { Healing = settings.Prompt.Healing && !showsTokens };
        var files = prompts.Template.TakesFiles ? Files(vocabulary, others, room - options.PrefixTokens - options.SuffixTokens) : [];
        return prompts.Request(SourceText.From(prefix + suffix), prefix.Length, FileNames.None, options, files) with { MaxTokens = maxTokens };
    }

    private static List<ContextFile> Files(IVocabulary vocabulary, IReadOnlyList<ExtraBody> others, int room)
    {
        var files = new List<ContextFile>();
        for (var i = others.Count - 1; i >= 0; i--)
        {
            if (others[i].Text is not { Length: > 0 } text || text.Length > room * MostCharactersPerToken) continue;
            var path = others[i].Filename ?? "";
            var tokens = new List<int>();
            vocabulary.Tokenize(text, tokens);
            room -= tokens.Count + FileMarkers + (3 * Math.Min(path.Length, 256)); // a name's character is three tokens at most
            if (room < 0) break;
            files.Insert(0, new ContextFile(path, tokens));
        }

        return files;
    }
}
