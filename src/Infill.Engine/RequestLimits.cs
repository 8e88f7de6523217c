namespace Infill.Engine;

/// <summary>What a model can take at all. Immutable: any thread may ask.</summary>
/// <param name="Vocabulary">Whose tokens a prompt may hold.</param>
/// <param name="SequenceTokens">Tokens that a prompt and its completion may have together.</param>
internal sealed record RequestLimits(IVocabulary Vocabulary, int SequenceTokens)
{
    /// <exception cref="EngineException">The request can never run on this model.</exception>
    public void Validate(GenerationRequest request)
    {
        if (request.Prompt.Count == 0) throw new EngineException("The prompt is empty; it needs at least one token.");
        foreach (var token in request.Prompt)
        {
            // llama.cpp refuses the whole batch for one bad token: others would be faulted with it.
            if ((uint)token >= (uint)Vocabulary.Size) throw new EngineException($"The prompt holds token {token}; the model has tokens 0 to {Vocabulary.Size - 1}.");
        }

        if (request.MaxTokens < 1) throw new EngineException("The token limit must be at least 1.");
        if ((long)request.Prompt.Count + request.MaxTokens > SequenceTokens)
        {
            throw new EngineException(
                $"A prompt of {request.Prompt.Count} tokens and {request.MaxTokens} to generate need more than the model's context of {SequenceTokens}; shorten the prompt.");
        }
    }
}
