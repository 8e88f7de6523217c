using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Typing;

/// <summary>What one key brought.</summary>
/// <param name="FirstText">Milliseconds from the key to text; null where none came.</param>
/// <param name="FirstLine">Milliseconds from the key to a complete first line, the end of the text, or a decided 'nothing'; null where the next key came before.</param>
/// <param name="IsNothing">Whether the answer was that there is nothing to suggest.</param>
/// <param name="ComputedTokens">Prompt tokens computed for it, where the side tells.</param>
internal sealed record KeyAnswer(double? FirstText, double? FirstLine, bool IsNothing = false, int? ComputedTokens = null)
{
    /// <summary>Milliseconds to text or a decided 'nothing'.</summary>
    public double? Answer => FirstText ?? (IsNothing ? FirstLine : null);
}

/// <summary>One side of the typing trace: something that suggests while a document is typed into.</summary>
internal interface ITypist : IAsyncDisposable
{
    /// <summary>The side's name.</summary>
    string Side { get; }

    /// <summary>Opens the trace's document as it was before the first key. Called once for each trace.</summary>
    ValueTask OpenAsync(TypingTrace trace);

    /// <summary>Presses a key, asks for a suggestion and waits for its first line; then, or when the next key comes, it is stopped.</summary>
    /// <param name="trace">Whose key.</param>
    /// <param name="key">Keys come in order.</param>
    /// <param name="next">Cancelled at the next key. The request is sent before this returns a task that waits, so that keys stay in order.</param>
    Task<KeyAnswer> PressAsync(TypingTrace trace, TraceKey key, CancellationToken next);
}
