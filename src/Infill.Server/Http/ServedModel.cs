using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Server.Settings;

namespace Infill.Server.Http;

/// <summary>The engine as requests over HTTP use it: prompts of text or of the two texts around a cursor. Any thread.</summary>
/// <param name="engine">Its owner disposes it.</param>
/// <param name="settings">The windows of a prompt, and the template where the user names one.</param>
/// <param name="proofs">Where it is remembered that a model's template has proved itself; null takes it on trust.</param>
/// <param name="warn">Told, in a sentence, what the user should know of the template.</param>
internal sealed class ServedModel(CompletionEngine engine, InfillSettings settings, ProofMemory? proofs = null, Action<string>? warn = null)
{
    /// <summary>No token of code stands for more, so that what is longer need not be tokenized to be refused.</summary>
    private const int MostCharactersPerToken = 64;

    /// <summary>Tokens around another file's name and text, at most.</summary>
    private const int FileMarkers = 4;

    private readonly ModelPrompts _prompts = new(engine, new TemplateOptions { Named = settings.Template, Proofs = proofs, Warn = warn ?? (static _ => { }) });

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

    /// <summary>How the model is prompted for the text between two others.</summary>
    /// <exception cref="ApiException">The model could not be loaded, or can't be prompted so.</exception>
    public async Task<PromptBuilder> PromptsAsync(CancellationToken cancellationToken)
    {
        await VocabularyAsync(cancellationToken);
        try
        {
            return await _prompts.ReadyAsync().WaitAsync(cancellationToken);
        }
        catch (EngineException e)
        {
            throw ApiException.NotSupported(e.Message);
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
    /// <param name="heals">The half-typed word may be taken back, so that the model completes it from its beginning; the text begins at the cursor either way.</param>
    /// <param name="cancellationToken">The sender has gone.</param>
    /// <exception cref="ApiException">The model was not trained for it.</exception>
    public async Task<GenerationRequest> AroundCursorAsync(
        string prefix, string suffix, IReadOnlyList<ExtraBody> others, int maxTokens, bool heals, CancellationToken cancellationToken)
    {
        var prompts = await PromptsAsync(cancellationToken);
        if (prompts.Template.Template.Order == FimOrder.PrefixOnly)
        {
            throw ApiException.NotSupported("Infill is not supported by this model: it has no fill-in-the-middle tokens.");
        }

        var room = engine.MaxSequenceTokens - maxTokens - prompts.Template.MaxOverhead(FileNames.None);
        var options = settings.Prompt.Within(room) with { Healing = settings.Prompt.Healing && heals };
        var files = prompts.Template.TakesFiles ? Files(await VocabularyAsync(cancellationToken), others, room - options.PrefixTokens - options.SuffixTokens) : [];
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
