using System.Text;

namespace Infill.Engine.Sampling;

/// <summary>Watches a text for stop strings, which may come in pieces: what could be the start of one is held back.</summary>
internal sealed class StopCondition(IReadOnlyList<string> stopStrings)
{
    private readonly StringBuilder _held = new();

    /// <summary>Takes the next piece of text.</summary>
    /// <param name="text">As decoded.</param>
    /// <param name="stopped">Whether a stop string was met; the text after it is dropped, and so is the string.</param>
    /// <returns>Text that may be passed on now.</returns>
    public string Append(string text, out bool stopped)
    {
        stopped = false;
        if (stopStrings.Count == 0) return text;

        var all = _held.Append(text).ToString();
        _held.Clear();

        var first = -1;
        foreach (var stop in stopStrings)
        {
            if (stop.Length == 0) continue; // it would stand before every text
            var at = all.IndexOf(stop, StringComparison.Ordinal);
            if (at >= 0 && (first < 0 || at < first)) first = at;
        }

        if (first >= 0)
        {
            stopped = true;
            return all[..first];
        }

        var keep = 0;
        foreach (var stop in stopStrings)
        {
            for (var length = Math.Min(stop.Length - 1, all.Length); length > keep; length--)
            {
                if (all.AsSpan().EndsWith(stop.AsSpan(0, length), StringComparison.Ordinal)) keep = length;
            }
        }

        _held.Append(all, all.Length - keep, keep);
        return keep == 0 ? all : all[..^keep];
    }

    /// <summary>The generation ended: what was held back was no stop string after all.</summary>
    public string Flush()
    {
        var rest = _held.ToString();
        _held.Clear();
        return rest;
    }
}
