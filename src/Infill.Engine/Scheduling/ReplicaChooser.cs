namespace Infill.Engine.Scheduling;

/// <summary>Which replica of the model gets a request: where most of its prompt is cached, unless others wait there. Any thread.</summary>
/// <remarks>
/// A replica's cache belongs to its engine thread, so it is known here by the prompts that were sent there last. What is new goes
/// where least runs, and of those that run alike to each in turn.
/// </remarks>
internal sealed class ReplicaChooser
{
    /// <summary>Prompts remembered of each replica: more than its cache has room for would promise what isn't there.</summary>
    private readonly int _remembered;

    /// <summary>Prompt tokens that are better computed than to be one more among those that run.</summary>
    private const int TokensPerRunning = 64;

    private readonly Lock _gate = new();
    private readonly Known[] _known; // guarded by _gate
    private long _turns;             // guarded by _gate

    /// <param name="replicas">How many there are, at least 1.</param>
    /// <param name="cachedPrompts">Prompts that the cache of each has room for.</param>
    public ReplicaChooser(int replicas, int cachedPrompts)
    {
        _remembered = cachedPrompts;
        _known = [.. Enumerable.Range(0, replicas).Select(static _ => new Known())];
    }

    /// <summary>Chooses one, which is taken to be sent the prompt.</summary>
    /// <param name="prompt">Token ids; kept, so it must not change.</param>
    /// <param name="running">Of each replica, the requests that run there or wait; negative where it can't be used.</param>
    /// <returns>Its number, or -1 where none can be used.</returns>
    public int Choose(int[] prompt, ReadOnlySpan<int> running)
    {
        lock (_gate)
        {
            var best = -1;
            var bestCost = 0;
            var bestMatch = default(Match);
            for (var i = 0; i < _known.Length; i++)
            {
                if (running[i] < 0) continue;
                var match = _known[i].Find(prompt);
                var cost = prompt.Length - match.Length + (TokensPerRunning * running[i]);
                if (best >= 0 && (cost > bestCost || (cost == bestCost && _known[i].ChosenAt >= _known[best].ChosenAt))) continue;
                (best, bestCost, bestMatch) = (i, cost, match);
            }

            if (best >= 0) _known[best].Remember(prompt, bestMatch, _remembered, ++_turns);
            return best;
        }
    }

    /// <param name="Index">Of the remembered prompt that begins most alike; -1 for none.</param>
    /// <param name="Length">Tokens that it shares.</param>
    private readonly record struct Match(int Index, int Length);

    /// <summary>What one replica was sent last.</summary>
    private sealed class Known
    {
        private readonly List<int[]> _prompts = []; // the latest last

        /// <summary>The turn in which it was chosen last.</summary>
        public long ChosenAt { get; private set; }

        public Match Find(int[] prompt)
        {
            var best = new Match(-1, 0);
            for (var i = 0; i < _prompts.Count; i++)
            {
                var length = prompt.AsSpan().CommonPrefixLength(_prompts[i]);
                if (length > best.Length) best = new Match(i, length);
            }

            return best;
        }

        public void Remember(int[] prompt, Match match, int most, long turn)
        {
            ChosenAt = turn;
            if (match.Index >= 0 && 2 * match.Length >= _prompts[match.Index].Length) _prompts.RemoveAt(match.Index); // it takes that one's place in the cache
            else if (_prompts.Count >= most) _prompts.RemoveAt(0);
            _prompts.Add(prompt);
        }
    }
}
