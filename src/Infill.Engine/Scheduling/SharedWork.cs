using System.Runtime.ExceptionServices;

namespace Infill.Engine.Scheduling;

/// <summary>Threads that sleep until work is shared out, and then do it together with the thread that shares it.</summary>
/// <remarks>
/// The pool's threads wake each other in a chain: with 8 rows of 152,000 scores on 16 cores <see cref="Parallel"/> took 207 µs, these
/// threads, which are woken by one and at once, 113, and one thread alone 290, of a step of 4 ms. Owned by the engine thread.
/// </remarks>
/// <param name="helpers">Threads beside the owner's, started when the first work is shared out.</param>
internal sealed class SharedWork(int helpers) : IDisposable
{
    private const int Open = 1;   // in _users: whoever comes may take part
    private const int Helper = 2; // in _users: each one who does

    private SemaphoreSlim[] _wakes = []; // of each helper
    private Action<int>? _body;          // this and the next are written before _users says so
    private int _count;
    private int _next;                   // the item that is taken next, by anybody
    private int _users;
    private ExceptionDispatchInfo? _failure; // the first one
    private volatile bool _hasEnded;

    /// <summary>Calls <paramref name="body"/> once for each item from 0 to <paramref name="count"/>, on several threads, and returns when all are done.</summary>
    /// <exception cref="Exception">What an item threw; the other items are done all the same.</exception>
    public void For(int count, Action<int> body)
    {
        if (_wakes.Length == 0 && !_hasEnded) Start();
        (_count, _body, _failure, _next) = (count, body, null, 0);
        Volatile.Write(ref _users, Open);
        for (var i = 0; i < _wakes.Length && i < count - 1; i++)
        {
            if (_wakes[i].CurrentCount == 0) _wakes[i].Release(); // else it hasn't woken yet from the last time, and comes now
        }

        Work();
        Interlocked.Add(ref _users, -Open);
        var wait = new SpinWait(); // each helper has one item left at most
        while (Volatile.Read(ref _users) != 0) wait.SpinOnce(sleep1Threshold: -1);
        _body = null;
        _failure?.Throw();
    }

    /// <summary>The threads end; what is shared out later is done by its owner alone.</summary>
    public void Dispose()
    {
        _hasEnded = true;
        foreach (var wake in _wakes) wake.Release();
        _wakes = [];
    }

    private void Start()
    {
        _wakes = [.. Enumerable.Range(0, helpers).Select(static _ => new SemaphoreSlim(0))];
        foreach (var wake in _wakes)
        {
            new Thread(() => Help(wake)) { IsBackground = true, Name = "infill-choice" }.Start();
        }
    }

    private void Help(SemaphoreSlim wake)
    {
        while (true)
        {
            wake.Wait();
            if (_hasEnded) break;
            if (!TryJoin()) continue;
            Work();
            Interlocked.Add(ref _users, -Helper);
        }

        wake.Dispose();
    }

    /// <returns>False for one who woke too late.</returns>
    private bool TryJoin()
    {
        while (true)
        {
            var users = Volatile.Read(ref _users);
            if ((users & Open) == 0) return false;
            if (Interlocked.CompareExchange(ref _users, users + Helper, users) == users) return true;
        }
    }

    private void Work()
    {
        while (Interlocked.Increment(ref _next) - 1 is var item && item < _count)
        {
            try
            {
                _body!(item);
            }
            catch (Exception e) // thrown again on the owner's thread
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }
    }
}
