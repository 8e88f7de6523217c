namespace Infill.Engine;

/// <summary>What a model can take at all. Immutable: any thread may ask.</summary>
/// <param name="Vocabulary">Whose tokens a prompt may hold.</param>
/// <param name="SequenceTokens">Tokens that a prompt and its completion may have together.</param>
internal sealed record RequestLimits(IVocabulary Vocabulary, int SequenceTokens)
{
    /// <exception cref="EngineException">The request can never run on this model.</exception>
    public void Validate(GenerationRequest request)
    {
        if (request.MaxTokens < 1) throw new EngineException("The token limit must be at least 1.");
        Validate(request.Prompt, request.MaxTokens);
        foreach (var shorter in request.ShorterPrompts) Validate(shorter, request.MaxTokens);
        if (request.Continued is { } continued) ValidateRange(continued, request.Prompt.Count);
    }

    private static void ValidateRange(Range continued, int count)
    {
        var (start, end) = (continued.Start.GetOffset(count), continued.End.GetOffset(count));
        if (start >= 0 && start <= end && end <= count) return;
        throw new EngineException($"The text that goes on is said to stand at {continued} of a prompt of {count} tokens.");
    }

    private void Validate(IReadOnlyList<int> prompt, int maxTokens)
    {
        if (prompt.Count == 0) throw new EngineException("The prompt is empty; it needs at least one token.");
        foreach (var token in prompt)
        {
            // llama.cpp refuses the whole batch for one bad token: others would be faulted with it.
            if ((uint)token >= (uint)Vocabulary.Size) throw new EngineException($"The prompt holds token {token}; the model has tokens 0 to {Vocabulary.Size - 1}.");
        }

        if ((long)prompt.Count + maxTokens > SequenceTokens)
        {
            throw new EngineException(
                $"A prompt of {prompt.Count} tokens and {maxTokens} to generate need more than the model's context of {SequenceTokens}; shorten the prompt.");
        }
    }
}
