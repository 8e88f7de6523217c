namespace Infill.Engine.Sampling;

/// <summary>Hears a generation's text as it is decoded and says when there is enough of it: what would be cut is then never computed.</summary>
/// <remarks>Called on the engine thread, between two tokens of one sequence; it must be quick and must not throw. One for each request.</remarks>
public interface IStopRule
{
    /// <param name="text">What a token has added; may be empty.</param>
    /// <param name="logProbability">Of that token, where the request has tokens scored; else 0.</param>
    /// <returns>True where the rest is not wanted; it is not asked again.</returns>
    bool IsEnough(ReadOnlySpan<char> text, float logProbability);
}
