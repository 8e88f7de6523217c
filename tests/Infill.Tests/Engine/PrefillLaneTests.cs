using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine;

/// <summary>A long prompt that is computed between the steps of others.</summary>
public sealed class PrefillLaneTests
{
    private const int LongPrompt = 200;
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan s_piece = TimeSpan.FromMilliseconds(3);

    private readonly List<TimeSpan> _gaps = []; // between two steps that decode
    private long _lastStep;
    private int _pieces;
    private Action _afterPiece = static () => { };
    private Func<int, StepStatus?> _beforeStep = static _ => null;
    private EngineBench _bench = null!; // set by StartAsync
    private Gate _arrived = null!; // set by DecodingAsync

    [Fact]
    public async Task Those_who_decode_get_a_token_per_step_budget_all_the_while()
    {
        await using var bench = await StartAsync();
        var (decoding, _) = await DecodingAsync();

        var arrived = await ArriveAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4 });
        var decoded = await decoding;

        Assert.True(_gaps.Max() <= TimeSpan.FromMilliseconds(25), $"a token came {_gaps.Max().TotalMilliseconds} ms after the one before");
        Assert.True(_gaps.Count(static gap => gap > 2 * s_piece) > 10, "and between them the prompt was computed");
        Assert.DoesNotContain(_bench.Model.Log, static step => step.Contains("+64", StringComparison.Ordinal));
        Assert.Equal(FinishReason.TokenLimit, arrived.Finish);
        Assert.Equal(FinishReason.TokenLimit, decoded.Finish);
        await _bench.AssertQuietAsync();
    }

    [Fact]
    public async Task Its_text_and_theirs_are_what_they_would_have_been()
    {
        await using var bench = await StartAsync();
        var (decoding, request) = await DecodingAsync();
        var arriving = new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 8 };

        var arrived = await ArriveAsync(arriving);

        Assert.Equal(_bench.Model.TextAfter(arriving.Prompt, 8), arrived.Text);
        Assert.Equal(_bench.Model.TextAfter(request.Prompt, request.MaxTokens), (await decoding).Text);
        Assert.True(_pieces > 0);
    }

    [Fact]
    public async Task What_a_slot_holds_already_is_not_computed_again()
    {
        await using var bench = await StartAsync();
        await _bench.RunAsync(new GenerationRequest(Prompts.Long(LongPrompt / 2)) { MaxTokens = 1 });
        await DecodingAsync();
        _pieces = 0;

        var arrived = await ArriveAsync(new GenerationRequest(Prompts.Long(LongPrompt + 50)) { MaxTokens = 8 });

        Assert.Equal(LongPrompt / 2, arrived.Usage.CachedTokens);
        Assert.InRange(_pieces, 1, (LongPrompt + 50 - (LongPrompt / 2)) / 2);
        Assert.Equal(_bench.Model.TextAfter(Prompts.Long(LongPrompt + 50), 8), arrived.Text);
    }

    [Fact]
    public async Task Stopped_in_its_middle_it_leaves_whole_chunks_as_cache()
    {
        await using var bench = await StartAsync();
        await DecodingAsync();
        using var cancel = new CancellationTokenSource();
        var asked = _pieces + 30; // in the eighth chunk
        _afterPiece = () =>
        {
            if (_pieces == asked) cancel.Cancel();
        };

        var stopped = await ArriveAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4 }, cancel.Token);
        var again = await _bench.RunAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4 });

        Assert.Equal((FinishReason.Cancelled, 0), (stopped.Finish, stopped.Usage.TokensAfterStop));
        Assert.Equal(7 * ScriptedLane.ChunkTokens, again.Usage.CachedTokens);
        Assert.Equal(_bench.Model.TextAfter(Prompts.Long(LongPrompt), 4), again.Text);
    }

    [Fact]
    public async Task What_is_done_in_advance_stands_still_from_one_piece_to_the_next_when_somebody_asks()
    {
        await using var bench = await StartAsync();
        Task<Generation>? asked = null;
        var steps = new List<int>(); // that had run at each piece
        _afterPiece = () =>
        {
            steps.Add(_bench.Model.Steps);
            if (_pieces == 10) asked = _bench.RunAsync(new GenerationRequest(Prompts.Long(20, 'a')) { MaxTokens = 8 });
        };

        var ahead = await _bench.RunAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4, Priority = RequestPriority.LookAhead });

        Assert.Equal(_bench.Model.TextAfter(Prompts.Long(20, 'a'), 8), (await asked!).Text);
        Assert.Equal(_bench.Model.TextAfter(Prompts.Long(LongPrompt), 4), ahead.Text);
        Assert.Equal([0, 8], steps.Zip(steps.Skip(1), static (before, after) => after - before).Distinct().Order()); // all of the answer's, between two pieces
        await _bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_more_urgent_long_prompt_takes_its_place_and_what_was_computed_is_kept()
    {
        await using var bench = await StartAsync();
        var (decoding, _) = await DecodingAsync();
        Task<Generation>? urgent = null;
        var asked = _pieces + 30;
        _afterPiece = () =>
        {
            if (_pieces == asked) urgent = _bench.RunAsync(new GenerationRequest(Prompts.Long(LongPrompt, 'u')) { MaxTokens = 4, Priority = RequestPriority.Invoked });
        };

        var other = await ArriveAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4 });

        Assert.True(urgent!.IsCompleted);
        Assert.Equal(_bench.Model.TextAfter(Prompts.Long(LongPrompt, 'u'), 4), (await urgent).Text);
        Assert.Equal(_bench.Model.TextAfter(Prompts.Long(LongPrompt), 4), other.Text);
        await decoding;
        await _bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_step_between_two_pieces_that_fails_costs_the_context_and_nobody_s_text()
    {
        var fails = 0;
        _beforeStep = step => Interlocked.Exchange(ref fails, 0) == 1 ? throw new EngineException("The backend stumbled.") : null;

        await AssertCostsTheContextAloneAsync(() => fails = 1);
    }

    [Fact]
    public Task So_does_a_piece_that_fails() => AssertCostsTheContextAloneAsync(static () => throw new EngineException("The backend stumbled."));

    [Fact]
    public async Task Who_asks_meanwhile_finds_what_is_computed_so_far()
    {
        await using var bench = await StartAsync();
        Task<Generation>? asked = null;
        _afterPiece = () =>
        {
            if (_pieces == 31) asked = _bench.RunAsync(new GenerationRequest([.. Prompts.Long(LongPrompt), 'y']) { MaxTokens = 4 }); // in the eighth chunk
        };

        var ahead = await _bench.RunAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4, Priority = RequestPriority.LookAhead });

        Assert.Equal(7 * ScriptedLane.ChunkTokens, (await asked!).Usage.CachedTokens);
        Assert.Equal(_bench.Model.TextAfter([.. Prompts.Long(LongPrompt), 'y'], 4), (await asked).Text);
        Assert.Equal(_bench.Model.TextAfter(Prompts.Long(LongPrompt), 4), ahead.Text);
        await _bench.AssertQuietAsync();
    }

    [Fact]
    public async Task An_engine_that_is_disposed_while_it_stands_still_ends_at_once()
    {
        await using var bench = await StartAsync();
        Task<Generation>? asked = null;
        var standing = new TaskCompletionSource<Gate>(TaskCreationOptions.RunContinuationsAsynchronously);
        _afterPiece = () =>
        {
            if (_pieces != 10) return;
            standing.SetResult(_bench.Model.HoldStep(_bench.Model.Steps + 3));
            asked = _bench.RunAsync(new GenerationRequest(Prompts.Long(20, 'a')) { MaxTokens = 400 });
        };
        var ahead = _bench.RunAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4, Priority = RequestPriority.LookAhead });
        var gate = await standing.Task.WaitAsync(Patience.Limit);
        await gate.Reached;
        var steps = _bench.Model.Steps;

        var disposing = _bench.DisposeAsync().AsTask();
        gate.Open();
        await disposing;

        Assert.Equal(steps, _bench.Model.Steps);
        Assert.Equal((FinishReason.Cancelled, FinishReason.Cancelled), ((await ahead).Finish, (await asked!).Finish));
    }

    [Fact]
    public async Task What_an_edit_outdoes_has_its_first_chunk_finished_since_the_next_prompt_begins_like_it()
    {
        await using var bench = await StartAsync();
        var (decoding, _) = await DecodingAsync();
        using var newer = new CancellationTokenSource();
        Task<Generation>? next = null;
        _afterPiece = () =>
        {
            if (_pieces != 2) return;
            newer.Cancel();
            next = _bench.RunAsync(new GenerationRequest([.. Prompts.Long(LongPrompt), 'y']) { MaxTokens = 4 });
        };

        var outdone = await ArriveAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4, Superseded = newer.Token });

        Assert.Equal(FinishReason.Superseded, outdone.Finish);
        Assert.Equal(ScriptedLane.ChunkTokens, (await next!).Usage.CachedTokens);
        Assert.Equal(_bench.Model.TextAfter([.. Prompts.Long(LongPrompt), 'y'], 4), (await next).Text);
        await decoding;
        await _bench.AssertQuietAsync();
    }

    [Fact]
    public async Task What_was_done_in_advance_and_is_outdone_ends_at_once()
    {
        await using var bench = await StartAsync();
        using var newer = new CancellationTokenSource();
        _afterPiece = () =>
        {
            if (_pieces == 2) newer.Cancel();
        };

        var ahead = await _bench.RunAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4, Priority = RequestPriority.LookAhead, Superseded = newer.Token });

        Assert.Equal((FinishReason.Superseded, 2), (ahead.Finish, _pieces));
    }

    [Fact]
    public async Task A_lane_that_overruns_is_not_used_again()
    {
        await using var bench = await StartAsync();
        var (decoding, _) = await DecodingAsync();
        var overrunning = _pieces + 10;
        _afterPiece = () =>
        {
            if (_pieces == overrunning) _bench.Time.Advance(new EngineOptions().WatchdogLimit);
        };

        var arrived = await ArriveAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4 });
        var another = await _bench.RunAsync(new GenerationRequest(Prompts.Long(LongPrompt, 'z')) { MaxTokens = 4, Priority = RequestPriority.LookAhead });

        Assert.Equal((_bench.Model.TextAfter(Prompts.Long(LongPrompt), 4), _bench.Model.TextAfter(Prompts.Long(LongPrompt, 'z'), 4)), (arrived.Text, another.Text));
        Assert.Equal((overrunning, 1), (_pieces, _bench.Weights.Made));
        await decoding;
    }

    [Fact]
    public async Task What_is_lost_on_its_way_to_the_slot_is_computed_in_steps()
    {
        await using var bench = await StartAsync(loses: true);
        var (decoding, _) = await DecodingAsync();

        var arrived = await ArriveAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4 });

        Assert.Equal(_bench.Model.TextAfter(Prompts.Long(LongPrompt), 4), arrived.Text);
        Assert.InRange(_pieces, LongPrompt / 2 - ScriptedLane.ChunkTokens, LongPrompt / 2); // once, and not again
        await decoding;
        await _bench.AssertQuietAsync();
    }

    [Fact]
    public async Task Without_memory_for_it_steps_compute_the_prompt()
    {
        await using var bench = await StartAsync(isFull: true);
        await DecodingAsync();

        var arrived = await ArriveAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4 });

        Assert.Equal((_bench.Model.TextAfter(Prompts.Long(LongPrompt), 4), 0), (arrived.Text, _pieces));
    }

    /// <summary>What <paramref name="fault"/> does in the prompt's eighth chunk is seen by nobody who reads.</summary>
    private async Task AssertCostsTheContextAloneAsync(Action fault)
    {
        await using var bench = await StartAsync();
        var (decoding, request) = await DecodingAsync();
        var failing = _pieces + 30;
        _afterPiece = () =>
        {
            if (_pieces == failing) fault();
        };

        var arrived = await ArriveAsync(new GenerationRequest(Prompts.Long(LongPrompt)) { MaxTokens = 4 });

        Assert.Equal(2, _bench.Weights.Made);
        Assert.Equal(_bench.Model.TextAfter(Prompts.Long(LongPrompt), 4), arrived.Text);
        Assert.Equal(_bench.Model.TextAfter(request.Prompt, request.MaxTokens), (await decoding).Text);
    }

    private async Task<EngineBench> StartAsync(bool isFull = false, bool loses = false)
    {
        var model = new ScriptedModel
        {
            HasLane = true,
            LaneIsFull = isFull,
            LaneLoses = loses,
            BeforeStep = number => _beforeStep(number),
            AfterStep = _ =>
            {
                var now = _bench.Time.GetTimestamp();
                _gaps.Add(_bench.Time.GetElapsedTime(_lastStep, now) + s_step);
                _bench.Time.Advance(s_step);
                _lastStep = _bench.Time.GetTimestamp();
            },
            AfterPiece = () =>
            {
                _pieces++;
                _bench.Time.Advance(s_piece);
                _afterPiece();
            },
        };
        _bench = await EngineBench.StartAsync(model);
        await _bench.RunAsync(new GenerationRequest(Prompts.Long(100, 'p')) { MaxTokens = 2 }); // what steps take is learnt
        return _bench;
    }

    /// <summary>Somebody whose text is running, for longer than the prompts here take, and is held up until the next one arrives.</summary>
    private async Task<(Task<Generation> Generation, GenerationRequest Request)> DecodingAsync()
    {
        var request = new GenerationRequest(Prompts.Long(4, 'b')) { MaxTokens = 400 };
        var gate = _bench.Model.HoldStep(_bench.Model.Steps + 10);
        var decoding = _bench.RunAsync(request);
        await gate.Reached;
        _gaps.Clear();
        _arrived = gate;
        return (decoding, request);
    }

    /// <summary>Somebody else asks, and the other's text goes on.</summary>
    private Task<Generation> ArriveAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        var arriving = _bench.RunAsync(request, cancellationToken);
        _arrived.Open();
        return arriving;
    }
}
