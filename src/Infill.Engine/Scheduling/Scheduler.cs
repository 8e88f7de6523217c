using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Infill.Engine.Caching;

namespace Infill.Engine.Scheduling;

/// <summary>Gives places to those that wait and chooses the tokens of the next batch. Pure bookkeeping: it never runs the model.</summary>
/// <remarks>
/// Owned by the engine thread. Requests join and leave between steps; there are no phases, only pending tokens. A place is never
/// left empty while somebody waits who may have it: whoever fits goes, in <see cref="ServiceOrder"/>, within <see cref="QuotaOptions"/>.
/// </remarks>
internal sealed class Scheduler(EngineOptions options, PrefixCache cache, StepCost cost)
{
    private readonly List<Sequence> _running = [];
    private readonly List<Sequence> _prefilling = []; // those of the running that lack more than a token, the most urgent first
    private readonly WaitingQueue _waiting = new(options);
    private readonly ClientTable _clients = new();
    private readonly ServiceOrder _order = new(options);
    private readonly PrefillPace _pace = new(options, cost);
    private readonly PrefillLane _lane = new(options, cache, cost);
    private readonly StepPlan _plan = new();
    private long _added;
    private bool _isDecodingDue; // the step before was prefill that those who decode waited for

    public IReadOnlyList<Sequence> Running => _running;

    public IReadOnlyList<Sequence> Waiting => _waiting.Sequences;

    public bool HasWork => _running.Count + _waiting.Count > 0;

    /// <summary>The prompt that is computed between the steps.</summary>
    public PrefillLane Lane => _lane;

    /// <summary>Whether the lane has something to compute after the step that was planned last.</summary>
    public bool IsLaneDue => _lane.Sequence is { } sequence && !StandsStill(sequence);

    /// <summary>No more than a batch has tokens for, so that whoever runs gets on with every step.</summary>
    private int Places => Math.Min(options.MaxRunning, options.MaxBatchTokens);

    private int LookAheadPlaces => options.Quotas.RunningLookAhead ?? Math.Max(1, Places / 2);

    /// <summary>Queues a sequence; the next step is planned with it.</summary>
    public void Add(Sequence sequence)
    {
        ChoosePrompt(sequence);
        sequence.Client = _clients.Enter(sequence.Ticket.Request.Client);
        sequence.Number = ++_added;
        sequence.QueuedAt = _order.Step;
        _waiting.Add(sequence);
    }

    /// <summary>Plans the next step. The plan is valid until the next call, and empty when nothing can run.</summary>
    public StepPlan PlanStep()
    {
        _order.Step++;
        _plan.Clear();
        Admit();

        // A decoding sequence lacks one token, a prefilling one lacks many. Decoding goes first, so that
        // inter-token latency stays flat while a long prompt is cut into whatever budget is left.
        _prefilling.Clear();
        var isSomeoneWaiting = IsSomeoneWaiting();
        foreach (var sequence in _running)
        {
            if (sequence == _lane.Sequence || (isSomeoneWaiting && _order.IsInAdvance(sequence))) continue;
            if (sequence.PendingTokens == 1) Take(sequence, 1);
            else AddPrefilling(sequence);
        }

        var decoding = _plan.Slices.Count;
        if (_prefilling.Count > 0) UseLane();
        if (_isDecodingDue && decoding > 0)
        {
            _isDecodingDue = false; // its time was counted with the prefill before it
            return _plan;
        }

        if (_prefilling.Count > 0) TakePrefill();
        _pace.Planned(StepShape.Of(_plan));
        _isDecodingDue = cache.Layout == KvLayout.Streams && decoding > 0 && _plan.TotalTokens - decoding > PrefillPace.LittleWork;
        if (_isDecodingDue) PutOff(decoding);
        return _plan;
    }

    /// <summary>
    /// After a step was planned: one that has to give way because more wait than may, even now that every place was given; it is let go.
    /// </summary>
    public bool TryDrop([NotNullWhen(true)] out Sequence? dropped)
    {
        if (!_waiting.TryDrop(out dropped)) return false;
        dropped.Client.Waiting--;
        _clients.Leave(dropped.Client);
        dropped.Finish();
        return true;
    }

    /// <summary>The context is gone: whoever ran waits again, as it stands.</summary>
    public void PreemptAll()
    {
        while (_running.Count > 0) Preempt(_running[^1]);
    }

    /// <summary>Takes a sequence out, waiting or running; what it computed stays as cache.</summary>
    public void Finish(Sequence sequence)
    {
        if (sequence.Slot is { } slot)
        {
            var isFree = _lane.TryLeave(sequence);
            Debug.Assert(isFree, "who is computed in the lane is ended when that has stopped");
            _running.Remove(sequence);
            sequence.Client.Running--;
            cache.Release(slot);
        }
        else
        {
            _waiting.Remove(sequence);
            sequence.Client.Waiting--;
        }

        _clients.Leave(sequence.Client);
        sequence.Finish();
        Debug.Assert(!_running.Contains(sequence));
    }

    /// <summary>Text in time is worth more than a long prompt: one that would take too long gives way to a shorter one.</summary>
    private void ChoosePrompt(Sequence sequence)
    {
        var request = sequence.Ticket.Request;
        if (request.ShorterPrompts.Count == 0 || TimeOf(request.Prompt) is var whole && whole <= request.PromptBudget) return;
        foreach (var shorter in request.ShorterPrompts)
        {
            var time = TimeOf(shorter);
            if (shorter != request.ShorterPrompts[^1] && time > request.PromptBudget) continue;
            if (2 * time <= whole) sequence.Shorten(shorter); // a little time is not worth a worse suggestion
            return;
        }

        TimeSpan TimeOf(IReadOnlyList<int> prompt)
        {
            var cached = cache.LongestPrefix(prompt);
            return _pace.TimeOf(cached, prompt.Count - cached);
        }
    }

    private void Admit()
    {
        if (_running.Count >= Places && RunningLookAhead() == 0) return; // nobody leaves for others, so nobody comes
        while (Next() is { } next)
        {
            var hasPreempted = false;
            if (_running.Count >= Places && !(hasPreempted = TryPreemptFor(next))) return;

            Slot? slot;
            while (!cache.TryAcquire(next, out slot))
            {
                if (!TryPreemptFor(next)) break;
                hasPreempted = true;
            }

            if (slot is not null) Begin(next, slot);
            else if (_order.IsOverdue(next)) return; // it has been passed for long enough: cells are kept for it
            else next.PassedAt = _order.Step;        // smaller ones may fit
            if (slot is not null && hasPreempted) _waiting.ForgetPassed(); // those who left may have had more than it took
        }
    }

    /// <summary>The one of those that wait and may run that goes first; null where nobody may.</summary>
    private Sequence? Next()
    {
        if (_waiting.Count == 0) return null;
        var share = _clients.Active > 1 ? (Places + _clients.Active - 1) / _clients.Active : int.MaxValue;
        Sequence? best = null;
        for (var i = 0; i < _waiting.Count; i++)
        {
            var sequence = _waiting[i];
            if (sequence.PassedAt == _order.Step || !MayRun(sequence)) continue;
            if (best is null || _order.GoesBefore(sequence, best, share)) best = sequence;
        }

        return best;
    }

    private bool MayRun(Sequence sequence)
    {
        if (sequence.Client.Running >= options.Quotas.RunningPerClient) return false;
        if (sequence.Ticket.Request.Priority != RequestPriority.LookAhead || _order.IsOverdue(sequence)) return true;
        return RunningLookAhead() < LookAheadPlaces && !_waiting.Any(RequestPriority.Invoked);
    }

    private int RunningLookAhead()
    {
        var count = 0;
        foreach (var sequence in _running)
        {
            if (sequence.Ticket.Request.Priority == RequestPriority.LookAhead) count++;
        }

        return count;
    }

    /// <summary>Work done in advance makes room for work that somebody waits for: the one that has lost least waits again, its cache kept.</summary>
    private bool TryPreemptFor(Sequence next)
    {
        if (next.Ticket.Request.Priority == RequestPriority.LookAhead) return false;
        Sequence? victim = null;
        foreach (var sequence in _running)
        {
            if (sequence.Ticket.Request.Priority != RequestPriority.LookAhead || _order.IsOverdue(sequence)) continue;
            if (victim is null || _lane.Holds(victim) || (sequence.Number > victim.Number && !_lane.Holds(sequence))) victim = sequence;
        }

        if (victim is null || !_lane.TryLeave(victim)) return false;
        Preempt(victim);
        return true;
    }

    private void Preempt(Sequence sequence)
    {
        _running.Remove(sequence);
        cache.Release(sequence.Slot!);
        sequence.Preempt();
        sequence.Client.Running--;
        sequence.Client.Waiting++;
        _waiting.Add(sequence);
    }

    private void Begin(Sequence sequence, Slot slot)
    {
        _waiting.Remove(sequence);
        sequence.Client.Waiting--;
        sequence.Client.Running++;
        sequence.Begin(slot);
        _running.Add(sequence);
    }

    /// <summary>
    /// Whether anything runs that somebody waits for. Then what is done in advance keeps its place and stands still, until it has
    /// aged: a step with its prompt in it takes six times as long as one that decodes for one reader.
    /// </summary>
    private bool IsSomeoneWaiting()
    {
        foreach (var sequence in _running)
        {
            if (!_order.IsInAdvance(sequence)) return true;
        }

        return false;
    }

    /// <summary>What is computed in the lane stands still while somebody waits for whom it is in advance, or for a more urgent prompt in steps.</summary>
    private bool StandsStill(Sequence inLane)
    {
        if (_order.IsInAdvance(inLane) && IsSomeoneWaiting()) return true;
        foreach (var sequence in _running)
        {
            if (sequence.PendingTokens > 1 && _order.Urgency(sequence) < _order.Urgency(inLane)) return true;
        }

        return false;
    }

    private void AddPrefilling(Sequence sequence)
    {
        var index = _prefilling.Count;
        while (index > 0 && _order.GoesBefore(sequence, _prefilling[index - 1])) index--;
        _prefilling.Insert(index, sequence);
    }

    /// <summary>
    /// Of the long prompts the most urgent is computed between the steps, where others decode that are as urgent, and where
    /// nobody waits for it: somebody may come who does. The others that would be computed there wait for it.
    /// </summary>
    private void UseLane()
    {
        var first = _prefilling[0];
        if (!_lane.Suits(first)) return;
        var isTaken = _lane.Sequence is { } there && _order.Urgency(there) <= _order.Urgency(first);
        if (!isTaken && ((!MustYield(first) && !_order.IsInAdvance(first)) || !_lane.TryEnter(first))) return;
        for (var i = _prefilling.Count - 1; i >= 0; i--)
        {
            if (_lane.Suits(_prefilling[i])) _prefilling.RemoveAt(i);
        }
    }

    private void TakePrefill()
    {
        var first = _prefilling[0];
        var pending = 0;
        foreach (var sequence in _prefilling) pending += sequence.PendingTokens;

        var left = _pace.TokensFor(StepShape.Of(_plan) with { PrefillContext = first.ComputedTokens }, MustYield(first), pending);
        foreach (var sequence in _prefilling)
        {
            if (left == 0) return;
            var count = Cut(sequence.PendingTokens, left);
            Take(sequence, count);
            left -= count;
        }
    }

    /// <summary>
    /// Of a prompt that is cut the odd part goes first, so that whole grains are left: on a CPU less than a tile is dear where attention has
    /// much to walk over (60 tokens: 49 ms at the start of a prompt, 190 ms after 1,920 others, where 64 take 100 ms). But no
    /// step does less than half of what it may: somebody who types faster than a prompt computes gets on by a step for each key.
    /// </summary>
    private int Cut(int pending, int left)
    {
        if (pending <= left || left < StepCost.Tile) return Math.Min(pending, left);
        var count = left - ((left - (pending % cost.Grain)) % cost.Grain);
        return 2 * count >= left ? count : left;
    }

    /// <summary>
    /// Leaves decoding to the next step. With a stream for each sequence a backend computes a batch in parts of equal lengths
    /// anyway: one token of every sequence, then the rest of the prompt, which is then a token short of whole tiles (a token and
    /// a chunk of 64 take 81 ms together, 52 ms apart). One after the other nobody waits longer, and an abort loses less.
    /// </summary>
    private void PutOff(int decoding)
    {
        for (var i = 0; i < decoding; i++) _plan.Slices[i].Sequence.Client.Service--;
        _plan.DropFirst(decoding);
    }

    private void Take(Sequence sequence, int count)
    {
        _plan.Take(sequence, count);
        sequence.Client.Service += count;
    }

    private bool MustYield(Sequence prefilling)
    {
        for (var i = 0; i < _plan.Slices.Count; i++) // so far all of them decode
        {
            if (_order.Urgency(_plan.Slices[i].Sequence) <= _order.Urgency(prefilling)) return true;
        }

        return false;
    }
}
