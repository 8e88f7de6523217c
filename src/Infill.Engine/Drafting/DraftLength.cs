namespace Infill.Engine.Drafting;

/// <summary>
/// How many guesses each gets of several sequences that decode together on a GPU, by what steps took and really gave. Owned by the
/// engine thread.
/// </summary>
/// <remarks>
/// A GPU's graph is made for one shape of batch, and made anew, which takes longer than a step, for another. So a length is kept for
/// a stretch of steps, and one that gives less than none is given up after few. What its steps took and gave is remembered, so that
/// it isn't tried again for what wasn't worth it.
/// </remarks>
/// <param name="sequences">How many decode together, at most.</param>
internal sealed class DraftLength(int sequences)
{
    /// <summary>Steps that keep to a length before others are thought of.</summary>
    public const int StretchSteps = 16;

    /// <summary>Steps after which a length that falls short of none at all is given up, and none at all, where it is only looked at, left again.</summary>
    public const int TrialSteps = FirstSteps + 2;

    /// <summary>After so many stretches with guesses it is measured again what a step takes without.</summary>
    private const int MostSincePlain = 16;

    /// <summary>The first steps of a stretch, in which graphs are made, tell nothing of those that follow.</summary>
    private const int FirstSteps = 4;

    /// <summary>How much better than none at all a length must promise to be.</summary>
    private const double LeastGain = 1.2;

    /// <summary>How much better another length must promise to be than the one that is kept.</summary>
    private const double Better = 1.05;

    /// <summary>What one more token is taken to add to a step until that was measured.</summary>
    private const double TokenCost = 0.01;

    /// <summary>How far each stretch lets what was measured slip back to what is assumed: a length that once wasn't worth it is tried again.</summary>
    private const double Slip = 1.0 / 128;

    /// <summary>
    /// Milliseconds of a step without guesses beyond which none are made: what it takes to begin a step's kernels is no longer most of it, and
    /// each further token costs. On an H200 eight texts of a 1.5B model (3.7 ms) had 0.6 to 0.8 times the plain speed with guesses.
    /// </summary>
    private const double MostPlain = 2;

    /// <summary>By so much a step may take longer than those of the stretch before, since the texts are longer; beyond, something was beside it.</summary>
    private const double MostGrowth = 1.1;

    /// <summary>How much one step weighs in what is expected.</summary>
    private const double Weight = 0.1;

    private static readonly int[] LengthTable = [0, 1, 3, 7];

    private readonly double[] _expected = new double[LengthTable.Length]; // tokens of a step and sequence, as the odds promise
    private readonly double[] _times = new double[LengthTable.Length]; // of a step, in milliseconds; 0 before the first
    private readonly double[] _kept = [.. LengthTable.Select(static _ => 1.0)]; // of what the odds promise beyond a token, the part that came
    private int _current; // index of a length
    private int _sincePlain; // stretches
    private int _steps; // of the stretch
    private double _tokens; // of its steps that tell something
    private double _least = double.MaxValue; // milliseconds of the fastest of these: prompts that are computed beside make the others longer

    /// <summary>Those that a step has room for.</summary>
    public ReadOnlySpan<int> Lengths => LengthTable.AsSpan(0, 1 + Array.FindLastIndex(LengthTable, length => sequences * (length + 1) <= Drafter.MostStepTokens));

    /// <summary>How many guesses each sequence gets in the next step.</summary>
    public int Current => LengthTable[_current];

    /// <summary>Before a step: how many tokens the odds promise of each sequence for so many guesses.</summary>
    public void Expect(int length, double tokens)
    {
        ref var expected = ref _expected[Array.IndexOf(LengthTable, length)];
        expected = expected == 0 ? tokens : expected + (Weight * (tokens - expected));
    }

    /// <summary>Another kind of step came between, so that the graph has to be made again.</summary>
    public void Interrupt() => (_steps, _tokens, _least) = (0, 0, double.MaxValue);

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
            _least = Math.Min(_least, time.TotalMilliseconds);
        }

        if (_steps == StretchSteps || (_steps >= TrialSteps && (IsShort || IsLook))) EndStretch();
    }

    /// <summary>Whether the stretch gives less than steps without guesses would in its time.</summary>
    private bool IsShort => _current > 0 && _tokens * _times[0] < (_steps - FirstSteps) * _least;

    /// <summary>Whether there are no guesses only to see what that takes.</summary>
    private bool IsLook => _current == 0 && _sincePlain == MostSincePlain;

    private void EndStretch()
    {
        for (var i = 1; i < LengthTable.Length; i++)
        {
            if (_times[i] > 0) _times[i] += Slip * ((Assumed(i) * _times[0]) - _times[i]);
            _kept[i] += Slip * (1 - _kept[i]);
        }

        Learn();
        _sincePlain = _current == 0 ? 0 : _sincePlain + 1;
        _current = _sincePlain == MostSincePlain ? 0 : Best();
        Interrupt();
    }

    /// <summary>What a step took, and what it gave in the mean. A clock that stands still tells nothing of time.</summary>
    private void Learn()
    {
        var known = _times[_current];
        _times[_current] = known == 0 ? _least : Math.Min(_least, MostGrowth * known);
        if (_current == 0 || _expected[_current] <= 1) return;
        var kept = Math.Clamp(((_tokens / (_steps - FirstSteps)) - 1) / (_expected[_current] - 1), 0, 1);
        _kept[_current] = IsShort ? kept : (_kept[_current] + kept) / 2;
    }

    /// <summary>What promises most tokens for the time; none where that is hardly more than without guesses.</summary>
    private int Best()
    {
        if (_times[0] > MostPlain) return 0;
        var best = _current;
        var gain = Better * Promise(_current);
        for (var i = 0; i < Lengths.Length; i++)
        {
            var promise = Promise(i);
            if (i == _current || promise <= gain || (i > 0 && promise < LeastGain)) continue;
            gain = promise;
            best = i;
        }

        return best;
    }

    /// <summary>Tokens in the time of a step without guesses.</summary>
    private double Promise(int index)
    {
        if (index == 0) return 1;
        var cost = _times[index] > 0 && _times[0] > 0 ? _times[index] / _times[0] : Assumed(index);
        return (1 + ((_expected[index] - 1) * _kept[index])) / cost;
    }

    private double Assumed(int index) => 1 + (TokenCost * sequences * LengthTable[index]);
}
