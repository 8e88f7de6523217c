namespace Infill.Engine.Sampling;

/// <summary>Watches a text for stop strings, which may come in pieces: what could be the start of one is held back.</summary>
internal sealed class StopCondition(IReadOnlyList<string> stopStrings)
{
    private char[] _text = new char[64]; // what was held back, then the last piece
    private int _passedOn;               // of that, what the caller has
    private int _length;

    /// <summary>Takes the next piece of text.</summary>
    /// <param name="text">As decoded.</param>
    /// <param name="stopped">Whether a stop string was met; the text after it is dropped, and so is the string.</param>
    /// <returns>Text that may be passed on now; valid until the next call, or as long as <paramref name="text"/> is.</returns>
    public ReadOnlySpan<char> Append(ReadOnlySpan<char> text, out bool stopped)
    {
        stopped = false;
        if (stopStrings.Count == 0) return text;

        var all = Join(text);
        if (FindStop(all) is >= 0 and var first)
        {
            stopped = true;
            _passedOn = _length;
            return all[..first];
        }

        _passedOn = _length - HeldBack(all);
        return all[.._passedOn];
    }

    /// <summary>The generation ended: what was held back was no stop string after all.</summary>
    public ReadOnlySpan<char> Flush()
    {
        var rest = _text.AsSpan(_passedOn, _length - _passedOn);
        _passedOn = _length;
        return rest;
    }

    private ReadOnlySpan<char> Join(ReadOnlySpan<char> text)
    {
        var held = _text.AsSpan(_passedOn, _length - _passedOn);
        var joined = _text.Length >= held.Length + text.Length ? _text : new char[2 * (held.Length + text.Length)];
        held.CopyTo(joined);
        text.CopyTo(joined.AsSpan(held.Length));
        _length = held.Length + text.Length;
        _passedOn = 0;
        _text = joined;
        return joined.AsSpan(0, _length);
    }

    /// <returns>Where the first stop string begins; -1 where there is none.</returns>
    private int FindStop(ReadOnlySpan<char> text)
    {
        var first = -1;
        for (var i = 0; i < stopStrings.Count; i++)
        {
            if (stopStrings[i].Length == 0) continue; // it would stand before every text
            var at = text.IndexOf(stopStrings[i], StringComparison.Ordinal);
            if (at >= 0 && (first < 0 || at < first)) first = at;
        }

        return first;
    }

    /// <summary>Characters at the end that may be the start of a stop string.</summary>
    private int HeldBack(ReadOnlySpan<char> text)
    {
        var held = 0;
        for (var i = 0; i < stopStrings.Count; i++)
        {
            var stop = stopStrings[i];
            for (var length = Math.Min(stop.Length - 1, text.Length); length > held; length--)
            {
                if (text.EndsWith(stop.AsSpan(0, length), StringComparison.Ordinal)) held = length;
            }
        }

        return held;
    }
}
