using Infill.Server.Benchmarking.Peers;
using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Typing;

/// <summary>What llama.vim and llama.vscode ask for a place, by their defaults.</summary>
internal static class UsualRequest
{
    private const int LinesBefore = 256;
    private const int LinesAfter = 64;

    public static PeerInfill At(TraceKey key)
    {
        var text = key.Text;
        var line = text.LineOf(key.Cursor);
        var start = text.LineStart(line);
        var first = text.LineStart(Math.Max(0, line - LinesBefore));
        var last = text.LineEnd(Math.Min(text.LineCount - 1, line + LinesAfter));
        return new PeerInfill(
            text.Substring(first, start - first),
            text.Substring(key.Cursor, last - key.Cursor) + "\n",
            text.Substring(start, key.Cursor - start))
        {
            MaxTokens = 128,
            IdSlot = 0,
            TopK = 40,
            TopP = 0.9f,
            Samplers = ["top_k", "top_p", "infill", "temperature"], // theirs, and the last to make it greedy like all others
            MaxPromptTime = 500,
            MaxPredictTime = 250, // theirs for the first answer, which is the one that the user waits for
        };
    }
}
