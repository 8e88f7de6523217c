using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Infill.Completion.Typing;

/// <summary>One request's turn at reading a generation. Read once; any thread.</summary>
/// <param name="running">What is read.</param>
/// <param name="channel">Where it writes to.</param>
/// <param name="typed">Length of the text that the user has typed of it.</param>
internal sealed class SuggestionReading(RunningSuggestion running, Channel<Suggestion> channel, int typed)
{
    /// <param name="superseded">Ends the reading, not the generation.</param>
    /// <param name="cancellationToken">Ends both.</param>
    public async IAsyncEnumerable<Suggestion> ReadAsync(CancellationToken superseded, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = cancellationToken.Register(() =>
        {
            if (!superseded.IsCancellationRequested) running.Cancel(); // a request that an edit outdid is cancelled too, when it is answered
        });
        using var leave = superseded.Register(static state => ((Channel<Suggestion>)state!).Writer.TryComplete(), channel);
        try
        {
            await foreach (var suggestion in channel.Reader.ReadAllAsync(CancellationToken.None))
            {
                if (superseded.IsCancellationRequested) yield break;
                yield return typed == 0 ? suggestion : suggestion with { Text = suggestion.Text.Length > typed ? suggestion.Text[typed..] : "" };
            }
        }
        finally
        {
            running.Leave(channel.Writer);
        }
    }
}
