using System.Diagnostics;
using Infill.Engine.Scheduling;

namespace Infill.Engine.Drafting;

/// <summary>What one sequence's next tokens are guessed from: its prompt and its text as they are read. Owned by the engine thread.</summary>
/// <param name="vocabulary">Tells texts from the markers between them.</param>
/// <param name="odds">Hears of every prediction, whether it held.</param>
internal sealed class DraftSource(IVocabulary vocabulary, DraftOdds odds)
{
    /// <summary>A hint is followed from its first token on: so many agreeing tokens the caller's word is worth.</summary>
    private const int HintLength = 12;

    private readonly TokenHistory _history = new();
    private readonly DraftOdds.OwnOdds _own = new();
    private readonly int[] _draft = new int[Drafter.MostStepTokens - 1];
    private readonly List<byte[]> _stops = [];
    private int _followed; // of the sequence's tokens, those that the history has
    private HistoryMatch _match; // what is predicted next; none where its length is 0
    private int _held; // predictions that held, one after another, up to here

    /// <summary>Whether the next step is to have no guesses of it.</summary>
    public bool SkipsStep { get; set; }

    /// <summary>The lead and the score of the choice that is to be made again by a plain step; null where none is.</summary>
    public (float Margin, float Score)? Doubt { get; set; }

    /// <summary>Whether anything is predicted to come next.</summary>
    public bool HasMatch => _match.Length > 0;

    /// <summary>How many tokens agree with what the prediction is taken from.</summary>
    public int MatchLength => _match.Length;

    /// <summary>Whether enough of what was predicted has held.</summary>
    public bool IsProved => _held >= DraftOdds.Proof;

    /// <summary>Whether the caller stands for what is predicted, and nothing of it has failed.</summary>
    public bool IsHint { get; private set; }

    /// <summary>How many tokens the last <see cref="Guess"/> foresaw.</summary>
    public int Known { get; private set; }

    public void Begin(Sequence sequence)
    {
        var request = sequence.Ticket.Request;
        _history.Clear();
        _own.Clear();
        _held = 0;
        SkipsStep = false;
        Doubt = null;
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
        IsHint = request.DraftHints.Count > 0;
        _match = IsHint ? new HistoryMatch(0, HintLength) : _history.FindLongest();
    }

    /// <summary>Takes in what the sequence has got since.</summary>
    public void Follow(Sequence sequence)
    {
        for (; _followed < sequence.Tokens.Count; _followed++)
        {
            Take(sequence.Tokens[_followed]);
        }
    }

    /// <summary>The text ended by the model's choice or its reader's: what was predicted beyond did not hold.</summary>
    public void EndShort()
    {
        if (HasMatch) odds.Record(_match.Length, _held, agreed: false, _own);
    }

    /// <summary>Foresees what comes next, as far as <paramref name="most"/> tokens.</summary>
    public void Guess(int most) => Known = HasMatch && most > 0 ? UpToStop(_history.Continue(_match.Next, _draft.AsSpan(0, most))) : 0;

    /// <summary>The chance that the guess's <paramref name="index"/>-th token holds, from 0, where those before it did.</summary>
    public double Chance(int index) => odds.Of(_match.Length + index, _held + index, _own);

    /// <summary>The first tokens of the guess; beyond what is <see cref="Known"/> the last one again and again. They stay valid until the next guess.</summary>
    public ReadOnlyMemory<int> Draft(int count, int last)
    {
        if (count > Known) _draft.AsSpan(Known, count - Known).Fill(Known > 0 ? _draft[Known - 1] : last);
        return _draft.AsMemory(0, count);
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
        var held = HasMatch && _history[_match.Next] == token;
        if (HasMatch) odds.Record(_match.Length, _held, held, _own);
        _held = held ? _held + 1 : 0;
        IsHint &= held;
        _history.Append(token);
        _match = held ? new HistoryMatch(_match.Next + 1, _match.Length + 1) : _history.FindLongest();
        if (HasMatch && _history[_match.Next] == TokenHistory.Gap) _match = _history.FindLongest();
        Debug.Assert(!HasMatch || _history[_match.Next] != TokenHistory.Gap);
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
}
