using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Infill.Server.Status;

/// <summary>Listens to the instruments of the engine, and of what uses it, from its making on: totals for scrapers, the latest values for people. Any thread.</summary>
/// <remarks>Whoever measures is on the engine's hot path: a measurement costs a short lock and no allocation.</remarks>
internal sealed class EngineStatistics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _totals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _finished = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, double> _gauges = new(StringComparer.Ordinal); // guarded by _gate
    private readonly ConcurrentDictionary<string, RecentValues> _values = new(StringComparer.Ordinal);

    public EngineStatistics(TimeProvider time)
    {
        Tokens = new RateWindow(time);
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name is "Infill.Engine" or "Infill.Completion" or "Infill.Server") listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Tokens chosen, lately.</summary>
    public RateWindow Tokens { get; }

    /// <summary>Of a counter since the start; 0 where nothing was counted.</summary>
    public double Total(string instrument) => _totals.GetValueOrDefault(instrument);

    /// <summary>Generations that ended, by reason.</summary>
    public IReadOnlyDictionary<string, long> Finished => _finished;

    /// <summary>What a histogram was told.</summary>
    public RecentValues Values(string instrument) => _values.GetOrAdd(instrument, static _ => new RecentValues());

    /// <summary>A gauge as it stands now, over all who have it.</summary>
    public double Gauge(string instrument)
    {
        lock (_gate)
        {
            _gauges.Clear();
            _listener.RecordObservableInstruments(); // on this thread
            return _gauges.GetValueOrDefault(instrument);
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (instrument.IsObservable)
        {
            lock (_gate) _gauges[instrument.Name] = _gauges.GetValueOrDefault(instrument.Name) + value;
        }
        else if (instrument is Histogram<double> or Histogram<int>)
        {
            Values(instrument.Name).Add(value);
            if (instrument.Name is "infill.inter_token" or "gen_ai.server.time_to_first_token") Tokens.Add(1); // one each
        }
        else if (instrument.Name == "infill.finished")
        {
            foreach (var (key, reason) in tags)
            {
                if (key == "reason" && reason is string text) _finished.AddOrUpdate(text, 1, static (_, count) => count + 1);
            }
        }
        else
        {
            _totals.AddOrUpdate(instrument.Name, static (_, added) => added, static (_, total, added) => total + added, value);
        }
    }
}
