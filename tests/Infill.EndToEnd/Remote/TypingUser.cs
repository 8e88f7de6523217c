using System.Collections.Concurrent;
using System.Diagnostics;
using Infill.Benchmarks.EndToEnd;

namespace Infill.EndToEnd.Remote;

/// <summary>A key, and what was suggested behind it.</summary>
/// <param name="PressedAt">As <see cref="Stopwatch"/> counts.</param>
/// <param name="Took">From the key to the answer.</param>
/// <param name="HasText">Whether anything was suggested.</param>
internal sealed record TypedKey(long PressedAt, TimeSpan Took, bool HasText);

/// <summary>
/// Somebody with an editor of their own, who writes in two files by turns, looks at what is suggested after each key, and types on
/// at their own pace, whatever became of it.
/// </summary>
internal sealed class TypingUser : IDisposable
{
    private const string Written = "    def __init__"; // and then the same again: any two seconds are alike
    private const int KeysInAFile = 5; // before the user goes over to the other

    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(400); // between two keys
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly int s_line = SampleCode.Shapes.Count(static c => c == '\n') + 1; // a line of the file's own before it

    private readonly LspProcess _editor = new(Places.Server, "lsp");
    private readonly int _number;
    private readonly int[] _typed = new int[2]; // keys in each file

    public TypingUser(int number)
    {
        _number = number;
        _editor.Logged = Log.Enqueue;
        _editor.Shown = Shown.Enqueue;
    }

    /// <summary>Every key so far that was answered.</summary>
    public ConcurrentQueue<TypedKey> Keys { get; } = [];

    /// <summary>What the editor's log has.</summary>
    public ConcurrentQueue<string> Log { get; } = [];

    /// <summary>What the user was shown besides suggestions.</summary>
    public ConcurrentQueue<string> Shown { get; } = [];

    /// <summary>Answers to nothing, or second ones.</summary>
    public int StrayAnswers => _editor.StrayAnswers;

    /// <exception cref="Xunit.Sdk.XunitException">A key was answered by an error, or not at all.</exception>
    public async Task WorkAsync(CancellationToken enough)
    {
        await _editor.InitializeAsync(isGrowing: false);
        for (var file = 0; file < _typed.Length; file++) Open(file);
        using var pace = new PeriodicTimer(s_pace);
        for (var key = 0; !enough.IsCancellationRequested; key++)
        {
            await TypeAsync(key / KeysInAFile % _typed.Length);
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public void Dispose() => _editor.Dispose();

    private string Name(int file) => $"user{_number}_{file}.py";

    private string Uri(int file) => $"file:///work/{Name(file)}";

    private void Open(int file)
    {
        _editor.Open(Uri(file), $"# {Name(file)}\n{SampleCode.Shapes}"); // alike, but no prompt begins like another's
        _typed[file] = 0;
    }

    private async Task TypeAsync(int file)
    {
        if (_typed[file] == Written.Length)
        {
            _editor.Close(Uri(file));
            Open(file);
        }

        var typed = _typed[file];
        var pressedAt = Stopwatch.GetTimestamp();
        _editor.Insert(Uri(file), typed + 2, s_line, typed, Written[typed].ToString());
        _typed[file] = ++typed;

        var arrival = await _editor.Complete(Uri(file), s_line, typed).Answer.WaitAsync(s_patience);
        Assert.True(arrival.Message["error"] is null, arrival.Message.ToJsonString());
        var hasText = arrival.Message["result"]!["items"]!.AsArray().Count > 0;
        Keys.Enqueue(new TypedKey(pressedAt, Stopwatch.GetElapsedTime(pressedAt, arrival.At), hasText));
    }
}
