namespace Infill.Completion.Acceptance;

/// <summary>What became of suggestions, in numbers. Those in the middle of their life are in <see cref="Shown"/> alone.</summary>
public sealed record Tally
{
    public static Tally Zero { get; } = new();

    /// <summary>Suggestions sent to the editor; one that is typed through is one, however many requests it answers.</summary>
    public long Shown { get; init; }

    /// <summary>Taken to their end by a key for it.</summary>
    public long Accepted { get; init; }

    /// <summary>Times that a word or several were taken.</summary>
    public long AcceptedWords { get; init; }

    /// <summary>Times that a line was taken.</summary>
    public long AcceptedLines { get; init; }

    /// <summary>Typed to their end, letter by letter.</summary>
    public long TypedThrough { get; init; }

    /// <summary>On the screen long enough to be read, and nothing of them used.</summary>
    public long Dismissed { get; init; }

    /// <summary>Characters that came in by accepting.</summary>
    public long Characters { get; init; }

    /// <summary>Of those whose 30 seconds are over: how many there were.</summary>
    public long CharactersJudged { get; init; }

    /// <summary>Of those, the ones that still stood there.</summary>
    public long CharactersKept { get; init; }

    /// <summary>Time that the engine spent on what was shown, prefill and decode.</summary>
    public double ComputeMilliseconds { get; init; }

    public static Tally operator +(Tally left, Tally right) => Add(left, right);

    public static Tally Add(Tally left, Tally right) => new()
    {
        Shown = left.Shown + right.Shown,
        Accepted = left.Accepted + right.Accepted,
        AcceptedWords = left.AcceptedWords + right.AcceptedWords,
        AcceptedLines = left.AcceptedLines + right.AcceptedLines,
        TypedThrough = left.TypedThrough + right.TypedThrough,
        Dismissed = left.Dismissed + right.Dismissed,
        Characters = left.Characters + right.Characters,
        CharactersJudged = left.CharactersJudged + right.CharactersJudged,
        CharactersKept = left.CharactersKept + right.CharactersKept,
        ComputeMilliseconds = left.ComputeMilliseconds + right.ComputeMilliseconds,
    };
}
