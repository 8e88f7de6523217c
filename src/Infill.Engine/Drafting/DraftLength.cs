namespace Infill.Engine.Drafting;

/// <summary>
/// How many guesses each gets of several sequences that decode together on a GPU, by the tokens that steps really gave for their
/// time. Owned by the engine thread.
/// </summary>
/// <remarks>
/// A GPU's graph is made for one shape of batch, and made anew, which takes longer than a step, for another. So a length is kept for
/// a stretch of steps. Another is tried now and then, the seldomer the oftener that was in vain. (Chosen anew for each step, by what
/// each shape had cost, eight texts of a 1.5B model had 0.59 times the plain speed on an H200: each shape paid for the other.)
/// </remarks>
/// <param name="sequences">How many decode together, at most.</param>
internal sealed class DraftLength(int sequences)
{
    /// <summary>Steps that keep to a length before others are thought of.</summary>
    public const int StretchSteps = 16;

    /// <summary>The first steps of a stretch, in which graphs are made, tell nothing of those that follow.</summary>
    private const int FirstSteps = 4;

    /// <summary>How much better a length must have been to be kept.</summary>
    private const double Better = 1.05;

    /// <summary>What one more token is taken to add to a step until that was tried.</summary>
    private const double TokenCost = 0.01;

    private const int LeastPatience = 4;
    private const int MostPatience = 64;

    /// <summary>How much one step weighs in what is expected.</summary>
    private const double Weight = 0.1;

    private static readonly int[] LengthTable = [0, 1, 3, 7];

    private readonly int _count = LengthTable.Count(length => sequences * (length + 1) <= Drafter.MostStepTokens);
    private readonly double[] _expected = new double[LengthTable.Length]; // tokens of a step and sequence, as the odds promise
    private readonly double[] _rates = new double[LengthTable.Length]; // tokens of a sequence in a millisecond, as they came; 0 where not tried
    private int _current; // indices of lengths
    private int _best;
    private int _steps; // of the stretch
    private double _tokens;
    private double _milliseconds;
    private int _untilTrial = 1; // stretches
    private int _patience = LeastPatience;
    private bool _triesLonger;

    /// <summary>Those that a step has room for.</summary>
    public ReadOnlySpan<int> Lengths => LengthTable.AsSpan(0, _count);

    /// <summary>How many guesses each sequence gets in the next step.</summary>
    public int Current => LengthTable[_current];

    /// <summary>Before a step: how many tokens the odds promise of each sequence for so many guesses.</summary>
    public void Expect(int length, double tokens)
    {
        ref var expected = ref _expected[Array.IndexOf(LengthTable, length)];
        expected = expected == 0 ? tokens : expected + (Weight * (tokens - expected));
    }

    /// <summary>After a step.</summary>
    /// <param name="length">Guesses that it computed of each sequence.</param>
    /// <param name="tokens">That it gave of each, in the mean.</param>
    /// <param name="time">How long it took.</param>
    public void Observe(int length, double tokens, TimeSpan time)
    {
        if (length != Current) return; // some had no room for guesses
        if (++_steps > FirstSteps)
        {
            _tokens += tokens;
            _milliseconds += time.TotalMilliseconds;
        }

        if (_steps < StretchSteps) return;
        EndStretch(_milliseconds > 0 ? _tokens / _milliseconds : _tokens / (StretchSteps - FirstSteps)); // a clock that stands still counts steps
        (_steps, _tokens, _milliseconds) = (0, 0, 0);
    }

    private void EndStretch(double rate)
    {
        ref var known = ref _rates[_current];
        known = known == 0 ? rate : (known + rate) / 2;
        if (_current != _best)
        {
            var isBetter = rate > Better * _rates[_best];
            if (isBetter) _best = _current;
            _patience = isBetter ? LeastPatience : Math.Min(2 * _patience, MostPatience);
            _untilTrial = _patience;
        }
        else if (_best > 0 && rate < _rates[0])
        {
            _best = 0; // the texts have changed
        }

        _current = --_untilTrial <= 0 ? Candidate() : _best;
    }

    /// <summary>What is tried next; the best where nothing else is worth it.</summary>
    private int Candidate()
    {
        _untilTrial = 1;
        var most = _count - 1;
        if (_best > 0)
        {
            _triesLonger = !_triesLonger && _best < most;
            return _triesLonger ? _best + 1 : _best - 1;
        }

        var candidate = 0;
        var gain = Drafter.LeastGain;
        for (var i = 1; i <= most; i++)
        {
            var promised = _expected[i] / (1 + (TokenCost * sequences * LengthTable[i]));
            if (promised <= gain) continue;
            gain = promised;
            candidate = i;
        }

        return candidate;
    }
}
