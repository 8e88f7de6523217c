using System.Collections.Concurrent;
using System.Text;
using Infill.Engine;
using Infill.Engine.Scheduling;

namespace Infill.Tests.Scenarios;

/// <summary>A model without weights: the next token is a rule over the tokens that its own KV cache holds for the slot.</summary>
/// <remarks>
/// It keeps its books apart from the engine's and is strict where llama.cpp is: wrong positions, too many cells, another
/// thread, or use after disposal are failures. Steps are numbered from 1.
/// </remarks>
internal sealed class ScriptedModel : IModelRunner
{
    private const int PollsPerPiece = 3;

    private List<Cell>[] _cells;
    private readonly ConcurrentDictionary<int, Gate> _gates = new();
    private List<List<int>> _next = []; // per slice of the last step, what follows its pending tokens and each drafted one; empty where no logits were asked for
    private float[] _logits = [];
    private Gate? _nextGate;
    private int _steps;
    private int _thread;
    private ScriptedLane? _lane;
    private TaskCompletionSource _freed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ScriptedModel(int contextCells = 4096, int maxSequences = 32, int? contextTokens = null)
    {
        ContextCells = contextCells;
        MaxSequences = maxSequences;
        ContextTokens = contextTokens ?? contextCells;
        _cells = [.. Enumerable.Range(0, maxSequences).Select(static _ => new List<Cell>())];
    }

    public IVocabulary Vocabulary { get; init; } = new ByteVocabulary();

    public KvLayout Layout { get; init; } = KvLayout.Unified;

    public int ContextCells { get; }

    public int ContextTokens { get; }

    public int MaxSequences { get; }

    /// <summary>What follows the tokens of one slot.</summary>
    public Func<IReadOnlyList<int>, int> Rule { get; init; } = DependsOnAll;

    /// <summary>Tokens that lead the second best by a hair; others lead by far.</summary>
    public Func<int, bool> IsNearTie { get; init; } = static _ => false;

    /// <summary>Which tokens it would take instead of the rule's, from 0 to 9: where it is not free to choose. Null likes all alike.</summary>
    public Func<int, float>? Liking { get; init; }

    /// <summary>Tokens computed between two looks at the abort signal's effect: an abort loses these and keeps those before.</summary>
    public int PieceTokens { get; init; } = int.MaxValue;

    public int MaxBatchTokens { get; init; } = int.MaxValue;

    /// <summary>Cuts inside a slot fail, as a recurrent model's do.</summary>
    public bool RefusesPartialTruncation { get; init; }

    /// <summary>Whether prompts can be computed between steps.</summary>
    public bool HasLane { get; init; }

    /// <summary>Whether the lane has no memory for a prompt.</summary>
    public bool LaneIsFull { get; init; }

    /// <summary>Whether what the lane computed is lost on its way to the slot.</summary>
    public bool LaneLoses { get; init; }

    /// <summary>After each piece of a prompt that is computed between steps; may throw.</summary>
    public Action? AfterPiece { get; init; }

    public IPrefillLane? Lane => HasLane ? _lane ??= new ScriptedLane(this) : null;

    /// <summary>Called when a step begins that another device would compute.</summary>
    public Action? WhenBegun { get; init; }

    /// <summary>Before a step computes; may throw, or answer something else than a completed step.</summary>
    public Func<int, StepStatus?>? BeforeStep { get; init; }

    /// <summary>After a step has computed; may throw.</summary>
    public Action<int>? AfterStep { get; init; }

    /// <summary>Before logits are handed out; may throw.</summary>
    public Action<int>? BeforeLogits { get; init; }

    /// <summary>Steps begun so far.</summary>
    public int Steps => Volatile.Read(ref _steps);

    /// <summary>Whether the abort signal is looked at while a step computes.</summary>
    public bool PollsAbort { get; init; } = true;

    public bool Disposed => _freed.Task.IsCompleted;

    /// <summary>Completes when the engine has let go of it.</summary>
    public Task Freed => _freed.Task.WaitAsync(Patience.Limit);

    /// <summary>Slots whose beginning was copied from another.</summary>
    public int Copies { get; private set; }

    /// <summary>What each step was asked to compute, as 'slot:first+count' in the plan's order, and '~count' where more were drafted.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>A cell that several slots hold counts once.</summary>
    public int CellsHeld => _cells.SelectMany(static cells => cells).Distinct().Count();

    /// <summary>A rule that speaks <paramref name="text"/> after the last middle token, then ends.</summary>
    public static Func<IReadOnlyList<int>, int> Says(string text) => Says(Encoding.UTF8.GetBytes(text));

    public static Func<IReadOnlyList<int>, int> Says(byte[] bytes) => tokens =>
    {
        var said = tokens.Count - 1 - LastIndexOf(tokens, ByteVocabulary.Middle);
        return said < bytes.Length ? bytes[said] : ByteVocabulary.End;
    };

    /// <summary>A letter that every token before it has a say in: a wrong or missing cell changes the text. It never ends.</summary>
    public static int DependsOnAll(IReadOnlyList<int> tokens)
    {
        var hash = 2166136261u;
        foreach (var token in tokens) hash = (hash ^ (uint)token) * 16777619u;
        return 'a' + (int)((hash ^ (hash >> 15)) % 26);
    }

    /// <summary>The same script on an empty KV cache: the context that is made when this one is lost. Steps are counted on.</summary>
    public ScriptedModel Successor()
    {
        var successor = (ScriptedModel)MemberwiseClone();
        successor._cells = [.. _cells.Select(static _ => new List<Cell>())];
        successor._next = [];
        successor._thread = 0;
        successor._lane = null;
        successor._freed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return successor;
    }

    /// <summary>What the model gives to <paramref name="prompt"/>, computed without any engine.</summary>
    public string TextAfter(IReadOnlyList<int> prompt, int maxTokens)
    {
        var tokens = prompt.ToList();
        while (tokens.Count < prompt.Count + maxTokens)
        {
            var next = Rule(tokens);
            if (Vocabulary.IsEndOfGeneration(next)) break;
            tokens.Add(next);
        }

        return Encoding.UTF8.GetString([.. tokens.Skip(prompt.Count).Where(static token => token < 256).Select(static token => (byte)token)]);
    }

    /// <summary>A gate in the middle of that step, after the first look at the abort signal.</summary>
    public Gate HoldStep(int number) => _gates.GetOrAdd(number, static _ => new Gate());

    /// <summary>A gate in the middle of the next step that begins.</summary>
    public Gate HoldNextStep()
    {
        var gate = new Gate();
        Volatile.Write(ref _nextGate, gate);
        return gate;
    }

    public IReadOnlyList<int> TokensOf(int slot) => _cells[slot].ConvertAll(static cell => cell.Token);

    public bool IsOnDevice { get; init; }

    public bool AddsUpAlike { get; init; }

    /// <summary>By how much the best token's score is higher after each token that is computed beside.</summary>
    public float BatchNoise { get; init; }

    /// <summary>Called when there is nothing to compute for now.</summary>
    public Action? WhenResting { get; init; }

    public void Begin(StepPlan plan) => WhenBegun?.Invoke();

    public void Rest()
    {
        CheckOwner();
        WhenResting?.Invoke();
    }

    public StepStatus Run(StepPlan plan, Func<bool> shouldAbort)
    {
        CheckOwner();
        var number = Interlocked.Increment(ref _steps);
        Log.Enqueue(string.Join(' ', plan.Slices.Select(static slice => $"{slice.Sequence.Slot!.Id}:{slice.Sequence.ComputedTokens}+{slice.Count}{(slice.Draft.IsEmpty ? "" : $"~{slice.Draft.Length}")}")));
        Check(plan.Slices.Sum(static slice => slice.Length) == plan.TotalTokens, "the plan's total is not that of its slices");
        Check(plan.TotalTokens <= MaxBatchTokens, $"a batch of {plan.TotalTokens} tokens overruns {MaxBatchTokens}");
        Check(plan.Slices.Select(static slice => slice.Sequence.Slot!.Id).Distinct().Count() == plan.Slices.Count, "two slices share a slot");

        var abortedAtOnce = shouldAbort();
        var gate = Interlocked.Exchange(ref _nextGate, null);
        if (gate is null) _gates.TryGetValue(number, out gate);
        gate?.Pass();

        if (BeforeStep?.Invoke(number) is { } status) return status;
        if (abortedAtOnce) return StepStatus.Aborted;

        var wanted = plan.Slices.Select(static slice => slice.WantsLogits).ToList(); // before anything counts as computed
        _next.Clear();
        var inPiece = new List<int>(); // slots of the tokens that an abort would lose
        foreach (var slice in plan.Slices)
        {
            var slot = slice.Sequence.Slot!;
            Check(_cells[slot.Id].Count == slice.Sequence.ComputedTokens, $"slot {slot.Id} has {_cells[slot.Id].Count} tokens, the engine counts {slice.Sequence.ComputedTokens}");
            Check(TokensOf(slot.Id).SequenceEqual(slot.Tokens.ToArray()), $"slot {slot.Id} holds other tokens than the engine believes");
            var next = new List<int>();
            for (var i = 0; i < slice.Length; i++)
            {
                if (inPiece.Count == PieceTokens) inPiece.Clear();
                _cells[slot.Id].Add(new Cell(slice.Token(i)));
                inPiece.Add(slot.Id);
                if (wanted[_next.Count] && i >= slice.Count - 1) next.Add(Rule(TokensOf(slot.Id)));
                if (inPiece.Count == PieceTokens && Polled(shouldAbort)) return Drop(inPiece);
            }

            _next.Add(next);
        }

        if (Polled(shouldAbort)) return Drop(inPiece);
        CheckRoom();
        AfterStep?.Invoke(number);
        return StepStatus.Completed;
    }

    public ReadOnlySpan<float> Logits(int slice, int drafted = 0)
    {
        CheckOwner();
        BeforeLogits?.Invoke(Steps);
        Check(drafted < _next[slice].Count, $"slice {slice} asked for no logits after {drafted} drafted tokens");
        if (_logits.Length != Vocabulary.Size) _logits = new float[Vocabulary.Size];
        Array.Clear(_logits);
        if (Liking is not null)
        {
            for (var token = 0; token < _logits.Length; token++) _logits[token] = Liking(token);
        }

        var best = _next[slice][drafted];
        _logits[best] = 10 + (BatchNoise * (_next[slice].Count - 1));
        if (IsNearTie(best)) _logits[(best + 1) % _logits.Length] = 9.9f;
        return _logits;
    }

    public bool TryTruncate(int slot, int length)
    {
        CheckOwner();
        Check(_lane?.Slot != slot, $"slot {slot} is cut while its prompt is computed between steps");
        var cells = _cells[slot];
        if (length >= cells.Count) return true;
        if (RefusesPartialTruncation && length > 0) return false;
        cells.RemoveRange(length, cells.Count - length);
        return true;
    }

    public bool TryCopy(int source, int target, int length)
    {
        CheckOwner();
        Check(source != target, $"slot {source} is copied to itself");
        Check(_cells[target].Count == 0, $"slot {target} is copied to while it holds {_cells[target].Count} tokens");
        Check(length > 0 && length <= _cells[source].Count, $"{length} tokens are copied of slot {source}'s {_cells[source].Count}");
        if (RefusesPartialTruncation && length < _cells[source].Count) return false;
        var copied = _cells[source].Take(length);
        _cells[target].AddRange(Layout == KvLayout.Unified ? copied : copied.Select(static cell => new Cell(cell.Token)));
        Copies++;
        return true;
    }

    public int Length(int slot)
    {
        CheckOwner();
        return _cells[slot].Count;
    }

    public void Dispose()
    {
        CheckOwner();
        Check(_lane is not { IsRunning: true }, "it was disposed from within the lane");
        _freed.SetResult();
    }

    private static int LastIndexOf(IReadOnlyList<int> tokens, int token)
    {
        for (var i = tokens.Count - 1; i >= 0; i--)
        {
            if (tokens[i] == token) return i;
        }

        throw new InvalidOperationException("The prompt has no middle token.");
    }

    private bool Polled(Func<bool> shouldAbort)
    {
        if (!PollsAbort) return false;
        for (var i = 0; i < PollsPerPiece; i++)
        {
            if (shouldAbort()) return true;
        }

        return false;
    }

    /// <summary>What a slot holds from now on.</summary>
    internal void Put(int slot, IEnumerable<int> tokens)
    {
        CheckOwner();
        _cells[slot] = [.. tokens.Select(static token => new Cell(token))];
    }

    internal static void Check(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException("The engine broke the model's contract: " + otherwise);
    }

    private void CheckRoom()
    {
        Check(Layout == KvLayout.Streams || CellsHeld <= ContextCells, $"{CellsHeld} cells are held of {ContextCells}");
        Check(_cells.All(cells => cells.Count <= ContextTokens), $"a slot holds more than {ContextTokens} tokens");
    }

    private StepStatus Drop(List<int> slots)
    {
        foreach (var slot in slots) _cells[slot].RemoveAt(_cells[slot].Count - 1);
        return StepStatus.Aborted;
    }

    internal void CheckOwner()
    {
        Check(!Disposed, "it was used after it was disposed");
        var here = Environment.CurrentManagedThreadId;
        var owner = Interlocked.CompareExchange(ref _thread, here, 0);
        Check(owner == 0 || owner == here, "another thread than the engine's used it");
    }

    /// <summary>One token's memory; the same object in two slots where they share it.</summary>
    private sealed class Cell(int token)
    {
        public int Token => token;
    }
}
