using System.Diagnostics;
using System.Runtime.InteropServices;
using Infill.Engine.Caching;
using Infill.Engine.Drafting;
using Infill.Engine.Sampling;

namespace Infill.Engine.Scheduling;

public enum SequenceState
{
    Waiting,
    Running,
    Finished,
}

/// <summary>One generation's tokens and state. Owned by the engine thread; for <see cref="LiveRequests"/> others read its counts.</summary>
public sealed class Sequence
{
    private readonly List<int> _tokens;

    internal Sequence(Ticket ticket, IVocabulary vocabulary)
    {
        Ticket = ticket;
        _tokens = new List<int>(ticket.Request.Prompt.Count + ticket.Request.MaxTokens);
        _tokens.AddRange(ticket.Request.Prompt);
        PromptTokens = _tokens.Count;
        Sampler = new Sampler(ticket.Request.Sampling);
        Start = new TextStart(ticket.Request.Start);
        Text = new Utf8Assembler();
        Stop = new StopCondition(ticket.Request.StopStrings);
        Vocabulary = vocabulary;
        ticket.Sequence = this;
    }

    public SequenceState State { get; private set; }

    /// <summary>Prompt, then generated tokens.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    public int PromptTokens { get; private set; }

    /// <summary>Whether its prompt is not the one that was asked for first, but a shorter one.</summary>
    internal bool IsShortened { get; private set; }

    public int GeneratedTokens { get; private set; }

    /// <summary>Of <see cref="Tokens"/>, those in the KV cache: always what the slot holds.</summary>
    public int ComputedTokens => Slot?.Length ?? 0;

    /// <summary>Of the prompt, those that an earlier request had computed.</summary>
    public int CachedTokens { get; private set; }

    /// <summary>Tokens that lack computing: 1 while decoding, more during prefill.</summary>
    public int PendingTokens => _tokens.Count - ComputedTokens;

    public bool IsDecoding => State == SequenceState.Running && GeneratedTokens > 0 && PendingTokens == 1;

    /// <summary>KV cells that the sequence may come to need.</summary>
    internal int CellsNeeded => PromptTokens + Ticket.Request.MaxTokens;

    internal Ticket Ticket { get; }

    /// <summary>Whose it is, since it was queued.</summary>
    internal ClientShare Client { get; set; } = null!;

    /// <summary>The place in the order of arrival, and the step before which it arrived.</summary>
    internal long Number { get; set; }
    internal long QueuedAt { get; set; }

    /// <summary>The step at which others were let pass, since there were no cells for this one.</summary>
    internal long PassedAt { get; set; } = -1;

    internal Slot? Slot { get; private set; }
    internal Sampler Sampler { get; }
    internal TextStart Start { get; }
    internal Utf8Assembler Text { get; }
    internal StopCondition Stop { get; }
    internal IVocabulary Vocabulary { get; }
    internal int TokensAfterStop { get; set; }
    internal int StepsAfterStop { get; set; }
    internal int DraftedTokens { get; set; }

    /// <summary>What its next tokens are guessed from; null before the first guess. The drafter's.</summary>
    internal DraftSource? DraftSource { get; set; }
    internal int AcceptedTokens { get; set; }

    /// <summary>A step that it was in took the context with it: it is not to happen twice.</summary>
    internal bool WasRetried { get; set; }

    internal long StartedAt { get; set; }
    internal long FirstTokenAt { get; set; }
    internal long LastTokenAt { get; set; }

    /// <summary>Valid until the next token is chosen.</summary>
    internal ReadOnlySpan<int> FirstTokens(int count) => CollectionsMarshal.AsSpan(_tokens)[..count];

    /// <summary>Before it waits: it is to begin with another prompt for the same place.</summary>
    internal void Shorten(IReadOnlyList<int> prompt)
    {
        Debug.Assert(State == SequenceState.Waiting && GeneratedTokens == 0);
        _tokens.Clear();
        _tokens.AddRange(prompt);
        PromptTokens = prompt.Count;
        IsShortened = true;
    }

    internal void Begin(Slot slot)
    {
        Debug.Assert(State == SequenceState.Waiting && slot.Owner == this);
        Slot = slot;
        slot.Reserve(CellsNeeded);
        if (StartedAt == 0) CachedTokens = slot.Length; // the slot's cached prefix already counts as computed
        State = SequenceState.Running;
    }

    /// <summary>Running → waiting: what was generated stays and is computed again with the prompt.</summary>
    internal void Preempt()
    {
        Debug.Assert(State == SequenceState.Running);
        Slot = null;
        State = SequenceState.Waiting;
    }

    internal void Append(int token)
    {
        Debug.Assert(PendingTokens == 0, "a token is chosen only when all before it are computed");
        _tokens.Add(token);
        GeneratedTokens++;
    }

    /// <summary>A token was chosen that ends the text and is never computed.</summary>
    internal void CountEndToken() => GeneratedTokens++;

    internal void Finish()
    {
        State = SequenceState.Finished;
        Slot = null;
    }
}
