using System.Diagnostics;
using Infill.Engine.Sampling;
using Infill.Engine.Scheduling;

namespace Infill.Engine.Drafting;

/// <summary>
/// Guesses a sequence's next tokens from what was written before, so that one step can check many: code is full of what stood
/// a few lines above. Owned by the engine thread.
/// </summary>
/// <remarks>
/// A guess costs time and never changes the text: the step computes the guessed tokens too, and those are kept that the model
/// itself chooses. It is made only where learnt odds and costs promise more tokens a millisecond than plain decoding, so it
/// turns itself off where nothing repeats. Only a greedy sequence that decodes alone is drafted for: a draw can't be
/// foreseen, and beside others the batch carries their tokens for less.
/// </remarks>
internal sealed class Drafter(IVocabulary vocabulary, EngineOptions options)
{
    /// <summary>Tokens of a step at most, the guessed ones included: where attention kernels' first tile is full.</summary>
    public const int MostStepTokens = 64;

    /// <summary>A hint is followed from its first token on: so many agreeing tokens the caller's word is worth.</summary>
    private const int HintLength = 12;

    /// <summary>How much faster than plain decoding a guess must promise to be: odds are means, and what seldom holds is dear.</summary>
    private const double LeastGain = 1.2;

    /// <summary>
    /// A batch of another shape adds up in another order. On two CPU cores that moved the lead of the best logit by 0.02 in the
    /// median and by 0.2 in one token of a thousand, and texts parted at leads of up to 0.1: below this one a plain step decides.
    /// </summary>
    private const float NearTie = 0.2f;

    private readonly TokenHistory _history = new();
    private readonly DraftOdds _odds = new();
    private readonly DraftCost _cost = new();
    private readonly int[] _draft = new int[MostStepTokens - 1];
    private readonly List<byte[]> _stops = [];
    private bool _isOn = options.Speculation;
    private Sequence? _sequence; // whose tokens the history holds
    private int _followed;       // of its tokens, those that the history has
    private bool _skipsStep;
    private HistoryMatch _match; // what is predicted next; none where its length is 0
    private int _held; // predictions that held, one after another, up to here

    /// <summary>Whether the choice between the two best is too close to be left to a step that computed guesses. Learns how often it is.</summary>
    /// <param name="logits">After the last token, or after guesses that held.</param>
    /// <param name="accepted">How many guesses held.</param>
    public bool IsNearTie(ReadOnlySpan<float> logits, int accepted)
    {
        var isTie = Sampler.Margin(logits, Sampler.IndexOfBest(logits)) < NearTie;
        _odds.RecordTie(_match.Length + accepted, isTie);
        return isTie;
    }

    /// <summary>Adds guesses to a plan where they promise to pay. They stay valid until the next call.</summary>
    public void Extend(StepPlan plan)
    {
        if (!_isOn || plan.Slices.Count != 1) return;
        var sequence = plan.Slices[0].Sequence;
        if (!sequence.IsDecoding || !sequence.Sampler.IsGreedy || !sequence.Start.IsMet) return;

        Follow(sequence);
        if (_skipsStep || _match.Length == 0)
        {
            _skipsStep = false;
            return;
        }

        // The step gives one token more than it guesses right, and the sequence has room for those it was promised.
        var most = Math.Min(Math.Min(MostStepTokens, options.MaxBatchTokens), sequence.Ticket.Request.MaxTokens - sequence.GeneratedTokens) - 1;
        if (most < 1) return;
        var known = _history.Continue(_match.Next, _draft.AsSpan(0, most));
        if (BestLength(UpToStop(known)) is > 0 and var length) plan.Draft(_draft.AsMemory(0, length));
    }

    /// <summary>Learns from a completed step.</summary>
    public void Observe(StepPlan plan, TimeSpan time)
    {
        if (!_isOn || plan.Slices.Count != 1 || plan.Slices[0].Count != 1) return;
        _cost.Observe(plan.TotalTokens, time);
        if (!plan.HasDraft) _odds.RecordPlainStep();
    }

    /// <summary>A sequence ends: what was predicted beyond its end would have been computed for nothing.</summary>
    public void End(Sequence sequence, FinishReason reason)
    {
        if (sequence != _sequence) return;
        Follow(sequence);
        if (_match.Length > 0 && reason is FinishReason.EndOfText or FinishReason.Cancelled or FinishReason.Superseded) _odds.Record(_match.Length, _held, agreed: false);
        _sequence = null;
    }

    /// <summary>The next step is a plain one.</summary>
    public void SkipStep() => _skipsStep = true;

    /// <summary>The model can't forget a wrong guess: no more are made.</summary>
    public void TurnOff() => _isOn = false;

    private void Follow(Sequence sequence)
    {
        if (_sequence != sequence) Begin(sequence);
        for (; _followed < sequence.Tokens.Count; _followed++)
        {
            Take(sequence.Tokens[_followed]);
        }
    }

    private void Begin(Sequence sequence)
    {
        var request = sequence.Ticket.Request;
        _sequence = sequence;
        _history.Clear();
        _held = 0;
        _odds.BeginSequence();
        _stops.Clear();
        foreach (var stop in request.StopStrings)
        {
            if (stop.Length > 0) _stops.Add(System.Text.Encoding.UTF8.GetBytes(stop));
        }

        foreach (var token in request.DraftHints)
        {
            _history.Append(token);
        }

        _history.Append(TokenHistory.Gap);
        AppendInReadingOrder(sequence.Tokens, sequence.PromptTokens, sequence.IsShortened ? null : request.Continued);
        _followed = sequence.PromptTokens;
        _match = request.DraftHints.Count > 0 ? new HistoryMatch(0, HintLength) : _history.FindLongest();
    }

    /// <summary>What stands before the cursor goes last, since it is what the text continues, wherever the prompt has it.</summary>
    private void AppendInReadingOrder(IReadOnlyList<int> tokens, int count, Range? continued)
    {
        var (prefix, end) = continued is { } range ? (range.Start.GetOffset(count), range.End.GetOffset(count)) : FindPrefix(tokens, count);
        Append(tokens, 0, prefix);
        _history.Append(TokenHistory.Gap);
        Append(tokens, end, count);
        _history.Append(TokenHistory.Gap);
        Append(tokens, prefix, end);
    }

    private (int Start, int End) FindPrefix(IReadOnlyList<int> tokens, int count)
    {
        var prefix = count;
        while (prefix > 0 && tokens[prefix - 1] != vocabulary.Fim.Prefix) prefix--;
        var end = prefix;
        while (end < count && tokens[end] != vocabulary.Fim.Suffix && tokens[end] != vocabulary.Fim.Middle) end++;
        return (prefix, end);
    }

    private void Append(IReadOnlyList<int> tokens, int start, int end)
    {
        for (var i = start; i < end; i++)
        {
            _history.Append(IsMarker(tokens[i]) ? TokenHistory.Gap : tokens[i]);
        }
    }

    private bool IsMarker(int token)
    {
        var fim = vocabulary.Fim;
        return token == fim.Prefix || token == fim.Suffix || token == fim.Middle || token == fim.FileSeparator || token == fim.Repository;
    }

    /// <summary>Learns whether the prediction held, and keeps to it as long as it does.</summary>
    private void Take(int token)
    {
        var held = _match.Length > 0 && _history[_match.Next] == token;
        if (_match.Length > 0) _odds.Record(_match.Length, _held, held);
        _held = held ? _held + 1 : 0;
        _history.Append(token);
        _match = held ? new HistoryMatch(_match.Next + 1, _match.Length + 1) : _history.FindLongest();
        if (_match.Length > 0 && _history[_match.Next] == TokenHistory.Gap) _match = _history.FindLongest();
        Debug.Assert(_match.Length == 0 || _history[_match.Next] != TokenHistory.Gap);
    }

    /// <summary>Of the first tokens of the draft, those up to one that ends the text: what comes behind it is never wanted.</summary>
    private int UpToStop(int count)
    {
        if (_stops.Count == 0) return count;
        for (var i = 0; i < count; i++)
        {
            var piece = vocabulary.Piece(_draft[i]);
            foreach (var stop in _stops)
            {
                if (piece.IndexOf(stop) >= 0) return i + 1;
            }
        }

        return count;
    }

    /// <summary>The length that promises most tokens for the time; 0 where plain decoding is as good.</summary>
    private int BestLength(int known)
    {
        var best = 0;
        var bestRate = LeastGain;
        var survival = 1 - _odds.OfTie(_match.Length);
        var expected = survival; // the token that the step gives anyway
        var size = 1;
        for (var length = 1; length <= known && size < DraftCost.Sizes.Length; length++)
        {
            survival *= _odds.Of(_match.Length + length - 1, _held + length - 1) * (1 - _odds.OfTie(_match.Length + length));
            expected += survival;
            if (length + 1 != DraftCost.Sizes[size]) continue;
            var rate = expected / _cost.Multiple(size++);
            if (rate <= bestRate) continue;
            bestRate = rate;
            best = length;
        }

        return best;
    }
}
