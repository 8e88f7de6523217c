namespace Infill.Engine.Scheduling;

/// <summary>Who goes first, among those that wait for a place and among those that wait for prefill. Owned by the engine thread.</summary>
/// <remarks>
/// By priority, then the client that was served least, then age. A priority rises by one for every
/// <see cref="EngineOptions.AgingSteps"/> steps; after three times as many a request is overdue and goes before everybody,
/// the oldest first. So nobody starves, whatever the others send.
/// </remarks>
internal sealed class ServiceOrder(EngineOptions options)
{
    private const int Overdue = -1;

    /// <summary>Agings until even look-ahead has become as urgent as what was invoked, and has waited as long once more.</summary>
    private const int AgingsToOverdue = 3;

    /// <summary>Steps planned so far: the clock that ages are measured by.</summary>
    public long Step { get; set; }

    /// <summary>Steps after which a request is passed by nobody any more.</summary>
    public long OverdueSteps => (long)options.AgingSteps * AgingsToOverdue;

    public bool IsOverdue(Sequence sequence) => Step - sequence.QueuedAt >= OverdueSteps;

    /// <summary>The priority as age has raised it: 0 for what was invoked, less for what is overdue.</summary>
    public int Urgency(Sequence sequence)
    {
        if (IsOverdue(sequence)) return Overdue;
        var risen = (Step - sequence.QueuedAt) / options.AgingSteps;
        return (int)Math.Max(0, (int)sequence.Ticket.Request.Priority - risen);
    }

    /// <summary>Whether nobody waits for it, nor has it waited long itself.</summary>
    public bool IsInAdvance(Sequence sequence) => Urgency(sequence) >= (int)RequestPriority.LookAhead;

    /// <param name="one">A sequence.</param>
    /// <param name="other">Another.</param>
    /// <param name="share">Places that each client has a right to: one that holds as many goes behind others that are as urgent.</param>
    public bool GoesBefore(Sequence one, Sequence other, int share = int.MaxValue)
    {
        var urgency = Urgency(one);
        var otherUrgency = Urgency(other);
        if (urgency != otherUrgency) return urgency < otherUrgency;
        if (urgency != Overdue && one.Client != other.Client)
        {
            var isOver = one.Client.Running >= share;
            if (isOver != other.Client.Running >= share) return !isOver;
            if (one.Client.Service != other.Client.Service) return one.Client.Service < other.Client.Service;
        }

        return one.Number < other.Number;
    }
}
