using Infill.Completion.Acceptance;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Statistics;

/// <summary>A server's sums since they were last written, and when to write them. Any thread; guarded by its lock.</summary>
/// <param name="file">Null keeps nothing.</param>
/// <param name="time">Clock and calendar.</param>
/// <param name="logger">Hears why nothing could be written.</param>
internal sealed class StatisticsBook(StatisticsFile? file, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Tally> _sums = new(StringComparer.Ordinal); // guarded by _gate
    private long _writtenAt = time.GetTimestamp();                                  // guarded by _gate

    public void Add(string language, Tally tally)
    {
        bool isDue;
        lock (_gate)
        {
            AddLocked(language, tally);
            isDue = file is not null && time.GetElapsedTime(_writtenAt) >= s_pause;
            if (isDue) _writtenAt = time.GetTimestamp();
        }

        if (isDue) _ = Task.Run(Write);
    }

    /// <summary>Writes what there is; what can't be written now waits for the next time.</summary>
    public void Write()
    {
        Dictionary<string, Tally> sums;
        lock (_gate)
        {
            if (file is null || _sums.Count == 0) return;
            sums = new(_sums, StringComparer.Ordinal);
            _sums.Clear();
        }

        if (file.TryAdd(DateOnly.FromDateTime(time.GetLocalNow().DateTime), sums, logger)) return;
        lock (_gate)
        {
            foreach (var (language, tally) in sums) AddLocked(language, tally);
        }
    }

    private void AddLocked(string language, Tally tally) => _sums[language] = (_sums.GetValueOrDefault(language) ?? Tally.Zero) + tally;
}
