using System.Runtime.CompilerServices;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Engine.Remote;

namespace Infill.Completion.Remote;

/// <summary>Snapshot → text → another server → shaped suggestion. Any thread.</summary>
/// <param name="pool">Generates; its owner disposes it.</param>
/// <param name="time">Clock of deadlines.</param>
/// <param name="lastResort">Makes suggestions where no server gives any; asked for when that happens first. Null for none.</param>
public sealed class RemoteSuggestionService(RemotePool pool, TimeProvider time, Func<ISuggestionService>? lastResort = null) : ISuggestionService
{
    /// <inheritdoc/>
    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await pool.ReadyAsync(cancellationToken);
        }
        catch (EngineException) when (lastResort is not null)
        {
            // A suggestion will ask for it.
        }
    }

    /// <inheritdoc/>
    /// <remarks>A server that fails before it gave any text is not told of where the last resort gives some instead.</remarks>
    public async IAsyncEnumerable<Suggestion> SuggestAsync(SuggestionRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var began = time.GetTimestamp();
        var shaped = new ShapedGeneration(request);
        var place = PlaceOf(request) with { StopStrings = shaped.StopStrings, StopRule = shaped.StopRule };
        await foreach (var suggestion in shaped.ReadAsync(ended => pool.GenerateAsync(place, ended), cancellationToken))
        {
            if (suggestion.Finish == FinishReason.Faulted && shaped.Written.Length == 0 && lastResort is not null) break;
            yield return suggestion;
            if (suggestion.Finish != FinishReason.None) yield break;
        }

        var rest = request with { Deadline = request.Deadline - time.GetElapsedTime(began) };
        await foreach (var suggestion in lastResort!().SuggestAsync(rest, cancellationToken)) yield return suggestion;
    }

    /// <inheritdoc/>
    public Task<PromptExplanation> ExplainAsync(SuggestionRequest request, CancellationToken cancellationToken) =>
        throw new EngineException("What a prompt is made of can be told for a model on this machine only: where 'endpoints' is set, another machine makes tokens of the text.");

    /// <summary>The text around the cursor, in the windows of the settings. A token is taken for three characters.</summary>
    internal static RemoteRequest PlaceOf(SuggestionRequest request)
    {
        var (text, cursor, prompt) = (request.Text, request.Cursor, request.Prompt);
        var start = TextWindow.Start(text, cursor, prompt.PrefixTokens * TextWindow.CharactersPerToken);

        // Servers put it last, as most models are trained, and compute it again with every key.
        var suffix = Math.Min(prompt.SuffixTokens, prompt.TrailingSuffixTokens) * TextWindow.CharactersPerToken;
        var end = suffix == 0 ? cursor : TextWindow.End(text, cursor, suffix);
        return new RemoteRequest(TextWindow.WithLineFeeds(text.Substring(start, cursor - start)), TextWindow.WithLineFeeds(text.Substring(cursor, end - cursor)))
        {
            Path = request.Path,
            Repository = request.Repository,
            Files = FilesOf(request),
            MaxTokens = request.MaxTokens,
            ScoreTokens = true,
            Heals = prompt.Healing,
            Document = $"{request.Repository}/{request.Path}",
            Deadline = request.Deadline,
            Superseded = request.Superseded,
        };
    }

    /// <summary>Whole chunks that fit; the best last, nearest to the document's own text.</summary>
    private static List<RemoteFile> FilesOf(SuggestionRequest request)
    {
        var room = request.Prompt.ContextTokens * TextWindow.CharactersPerToken;
        var files = new List<RemoteFile>();
        foreach (var choice in request.Context)
        {
            var file = new RemoteFile(new FileNames(choice.Chunk.Path).Shortened().Path, choice.Chunk.Text);
            var size = file.Path.Length + file.Text.Length;
            if (size > room) continue;
            room -= size;
            files.Add(file);
        }

        files.Reverse();
        return files;
    }
}
