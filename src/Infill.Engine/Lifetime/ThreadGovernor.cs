using Infill.Engine.Scheduling;

namespace Infill.Engine.Lifetime;

/// <summary>
/// Decides with how many threads to compute: all of them while the machine is quiet, one while somebody else needs the cores.
/// </summary>
/// <remarks>
/// Pure but for the clock's readings that it is given; owned by the engine thread. ggml's threads wait for each other many
/// hundred times a step, so on busy cores two are far slower than one. What a step costs in quiet is remembered and never learnt
/// from a disturbed one. While one thread computes, a step now and then is tried with all: they come back when that step was
/// faster than one thread's, and are tried less and less often while it is not.
/// </remarks>
internal sealed class ThreadGovernor(int threads)
{
    /// <summary>A step this many times slower than in quiet is disturbed.</summary>
    private const int Disturbance = 3;

    /// <summary>Up to here a step says what steps take in quiet; what lies between may be a little of either.</summary>
    private const double Quiet = 1.5;

    /// <summary>So many disturbed steps in a row: one alone may be a page that came from disk.</summary>
    private const int Proof = 2;

    /// <summary>All threads must be this much faster than one to come back, so that nobody swings between two that are alike.</summary>
    private const double Gain = 0.8;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(16);

    private readonly UsualTime _quiet = new(settled: 4);
    private readonly UsualTime _alone = new(settled: 1);
    private TimeSpan _pause = FirstPause;
    private TimeSpan _tryAt;
    private int _disturbed; // steps in a row
    private bool _isAlone;

    /// <summary>Whether one thread computes, because others need the cores.</summary>
    public bool IsYielding => _isAlone;

    /// <summary>Threads for the next step.</summary>
    /// <param name="now">Of a clock that only grows.</param>
    public int ThreadsAt(TimeSpan now) => _isAlone && now < _tryAt ? 1 : threads;

    /// <summary>Takes a completed step into account.</summary>
    /// <param name="shape">What it computed.</param>
    /// <param name="used">Threads that it ran with.</param>
    /// <param name="took">How long it took.</param>
    /// <param name="now">When it ended.</param>
    public void Observe(StepShape shape, int used, TimeSpan took, TimeSpan now)
    {
        if (threads == 1) return;
        if (used == 1) _alone.Learn(shape, took);
        else if (_isAlone) Judge(shape, took, now);
        else Watch(shape, took, now);
    }

    /// <summary>All threads run: is it still quiet?</summary>
    private void Watch(StepShape shape, TimeSpan took, TimeSpan now)
    {
        if (_quiet.Of(shape) is not { } usual || took <= usual * Disturbance)
        {
            _disturbed = 0;
            if (took <= (_quiet.Of(shape) ?? took) * Quiet) _quiet.Learn(shape, took);
        }
        else if (++_disturbed >= Proof)
        {
            _isAlone = true;
            _pause = FirstPause;
            _tryAt = now + _pause;
        }
    }

    /// <summary>A step was tried with all threads: are they worth it again?</summary>
    private void Judge(StepShape shape, TimeSpan took, TimeSpan now)
    {
        if (_alone.Of(shape) is not { } alone)
        {
            _tryAt = now + _pause; // one thread has not had such a step: nothing to compare
            return;
        }

        if (took < alone * Gain)
        {
            _isAlone = false;
            _disturbed = 0;
            _quiet.Learn(shape, took); // so that a memory of better times fades
            return;
        }

        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        _tryAt = now + _pause;
    }
}
