using System.Diagnostics;
using Infill.Engine.Sampling;
using Infill.Engine.Scheduling;

namespace Infill.Engine;

/// <summary>Logits → token → text → the caller's channel, and what it took. Owned by the engine thread.</summary>
internal sealed class SequenceOutput(IVocabulary vocabulary, EngineMetrics metrics, TimeSpan textInterval, TimeProvider time)
{
    /// <summary>What OpenTelemetry's conventions ask to be said of each measurement.</summary>
    private readonly TagList _tags = new(
    [
        new("gen_ai.operation.name", "text_completion"),
        new("gen_ai.provider.name", "infill"),
        new("gen_ai.request.model", vocabulary.ModelName),
    ]);

    private readonly Lazy<PieceIndex> _pieces = new(() => new PieceIndex(vocabulary)); // made when a text must begin with something for the first time
    private readonly float[] _restricted = new float[vocabulary.Size];
    private readonly ReaderTeller _readers = new(textInterval, time);

    /// <summary>Chooses a sequence's next token and delivers its text.</summary>
    /// <param name="sequence">One whose tokens are all computed.</param>
    /// <param name="logits">Scores of what may follow.</param>
    /// <param name="prepared">The choice among these, where it was made already.</param>
    /// <param name="traced">A token that has no text of its own to travel with, where the request asked for tokens.</param>
    /// <returns>Why the sequence ends with this token, or <see cref="FinishReason.None"/>.</returns>
    public FinishReason Choose(Sequence sequence, ReadOnlySpan<float> logits, ChosenToken? prepared, out TracedToken? traced)
    {
        RecordTime(sequence);
        if (!sequence.Start.IsMet)
        {
            if (!_pieces.Value.TryRestrict(sequence.Start.Rest, logits, _restricted))
            {
                traced = null; // the vocabulary lacks a byte: there is no such text
                return FinishReason.EndOfText;
            }

            logits = _restricted;
        }

        var (token, chosen) = prepared ?? ChosenToken.Of(sequence, logits);
        if (EndsText(sequence.Ticket.Request, token))
        {
            traced = chosen;
            sequence.CountEndToken();
            return FinishReason.EndOfText;
        }

        traced = null;
        sequence.Append(token);
        var decoded = sequence.Text.Append(sequence.Start.Take(vocabulary.Piece(token)));
        if (sequence.Ticket.Request.ScoreTokens && chosen is { } scored) chosen = scored with { Length = decoded.Length };
        var text = sequence.Stop.Append(decoded, out var stopped);
        if ((text.Length > 0 || chosen is not null) && sequence.Ticket.Output.Write(text, chosen)) _readers.Add(sequence.Ticket.Output);

        if (stopped || sequence.Ticket.Request.StopRule?.IsEnough(text, chosen?.LogProbability ?? 0) == true) return FinishReason.StopRule;
        return sequence.GeneratedTokens >= sequence.Ticket.Request.MaxTokens ? FinishReason.TokenLimit : FinishReason.None;
    }

    /// <summary>Wakes whoever reads what was delivered since the last time.</summary>
    public void TellReaders() => _readers.Tell();

    /// <summary>The same, but of several who can wait for the end of a step that takes so long.</summary>
    public void TellReadersWhereDue(TimeSpan step) => _readers.TellWhereDue(step);

    /// <summary>The last chunk of a sequence that the scheduler has let go.</summary>
    public void Complete(Sequence sequence, FinishReason reason, TracedToken? traced = null, string? fault = null)
    {
        Debug.Assert(sequence.Slot is null);
        var now = time.GetTimestamp();
        var started = sequence.StartedAt == 0 ? now : sequence.StartedAt;
        var first = sequence.FirstTokenAt == 0 ? now : sequence.FirstTokenAt;
        var usage = new Usage(
            sequence.PromptTokens, sequence.CachedTokens, sequence.GeneratedTokens, sequence.TokensAfterStop,
            time.GetElapsedTime(sequence.Ticket.SubmittedAt, started), time.GetElapsedTime(started, first), time.GetElapsedTime(first, now))
        {
            UsedShorterPrompt = sequence.IsShortened,
            DraftedTokens = sequence.DraftedTokens,
            AcceptedTokens = sequence.AcceptedTokens,
        };

        metrics.CachedTokens.Add(usage.CachedTokens);
        metrics.GeneratedTokens.Add(usage.GeneratedTokens);
        metrics.DraftedTokens.Add(usage.DraftedTokens);
        metrics.AcceptedTokens.Add(usage.AcceptedTokens);
        metrics.WastedTokens.Add(usage.TokensAfterStop);
        if (sequence.StepsAfterStop > 1) metrics.LateStops.Add(1);
        metrics.PrefillTime.Add(usage.Prefill.TotalSeconds);
        metrics.DecodeTime.Add(usage.Decode.TotalSeconds);
        metrics.Finished.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
        RecordDurations(sequence, reason, usage, now);

        var rest = reason == FinishReason.StopRule ? "" : sequence.Stop.Flush().ToString();
        sequence.Ticket.Complete(new GenerationChunk(rest, reason, usage) { Tokens = traced is { } token ? [token] : [], Fault = fault });
    }

    private bool EndsText(GenerationRequest request, int token)
    {
        if (request.IgnoreEndOfText) return false;
        if (vocabulary.IsEndOfGeneration(token)) return true;
        var stops = request.StopTokens;
        for (var i = 0; i < stops.Count; i++)
        {
            if (stops[i] == token) return true;
        }

        return false;
    }

    private void RecordDurations(Sequence sequence, FinishReason reason, Usage usage, long now)
    {
        var tags = _tags;
        if (reason is FinishReason.Faulted or FinishReason.Overloaded) tags.Add("error.type", reason.ToString());
        metrics.RequestDuration.Record(time.GetElapsedTime(sequence.Ticket.SubmittedAt, now).TotalSeconds, tags);
        if (reason is (FinishReason.EndOfText or FinishReason.StopRule or FinishReason.TokenLimit) && usage.GeneratedTokens > 1)
        {
            metrics.TimePerOutputToken.Record(usage.Decode.TotalSeconds / (usage.GeneratedTokens - 1), tags);
        }
    }

    private void RecordTime(Sequence sequence)
    {
        var now = time.GetTimestamp();
        if (sequence.FirstTokenAt == 0)
        {
            sequence.FirstTokenAt = now;
            metrics.TimeToFirstToken.Record(time.GetElapsedTime(sequence.Ticket.SubmittedAt, now).TotalSeconds, _tags);
        }
        else
        {
            metrics.InterToken.Record(time.GetElapsedTime(sequence.LastTokenAt, now).TotalMilliseconds);
        }

        sequence.LastTokenAt = now;
    }
}
