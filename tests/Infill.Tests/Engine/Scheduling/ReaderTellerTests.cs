using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

/// <summary>One reader hears at once; several are woken together, once in a while, and each hears of everything.</summary>
public sealed class ReaderTellerTests
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(8);

    private readonly ManualTime _time = new();
    private readonly ReaderTeller _teller;

    public ReaderTellerTests() => _teller = new ReaderTeller(s_interval, _time);

    [Fact]
    public async Task A_single_reader_hears_of_each_text_at_once()
    {
        var text = await BeginAsync();
        for (var step = 0; step < 3; step++)
        {
            Write(text, "b");
            _teller.TellWhereDue(s_step);

            Assert.Equal("b", await text.NextAsync());
        }
    }

    [Fact]
    public async Task Several_readers_hear_of_their_texts_before_the_step_after_which_it_would_be_too_late()
    {
        var texts = await BeginToldAsync();

        for (var step = 1; step <= 2; step++) // 8 and 16 ms after they were told, and another step would make 24
        {
            _time.Advance(s_step);
            WriteAll(texts, "c");
            _teller.TellWhereDue(s_step);
        }

        Assert.All(texts, static text => Assert.False(text.IsTold));
        _time.Advance(s_step);
        WriteAll(texts, "d");
        _teller.TellWhereDue(s_step);

        foreach (var text in texts) Assert.Equal("ccd", await text.NextAsync());
    }

    [Fact]
    public async Task Several_readers_hear_at_once_where_the_next_step_is_long()
    {
        var texts = await BeginToldAsync();

        WriteAll(texts, "c");
        _teller.TellWhereDue(s_interval + s_step);

        foreach (var text in texts) Assert.Equal("c", await text.NextAsync());
    }

    [Fact]
    public async Task Whoever_reads_at_any_time_loses_nothing_and_hears_the_end()
    {
        const int Steps = 2000;
        var texts = new List<Text>();
        for (var i = 0; i < 8; i++) texts.Add(await BeginAsync());
        var readers = texts.Select(static text => Task.Run(text.RestAsync)).ToList();
        for (var step = 0; step < Steps; step++)
        {
            WriteAll(texts, "x");
            _time.Advance(s_step);
            _teller.TellWhereDue(s_step);
        }

        foreach (var text in texts) text.Stream.Complete(new GenerationChunk("!", FinishReason.EndOfText));

        var read = await Task.WhenAll(readers).WaitAsync(Patience.Limit);
        Assert.All(read, static text => Assert.Equal(new string('x', Steps) + "!", text));
    }

    /// <summary>Two texts whose readers have just been told together.</summary>
    private async Task<Text[]> BeginToldAsync()
    {
        Text[] texts = [await BeginAsync(), await BeginAsync()];
        WriteAll(texts, "b");
        _teller.Tell();
        foreach (var text in texts) Assert.Equal("b", await text.NextAsync());
        return texts;
    }

    private void WriteAll(IEnumerable<Text> texts, string piece)
    {
        foreach (var text in texts) Write(text, piece);
    }

    private void Write(Text text, string piece)
    {
        if (text.Stream.Write(piece, null)) _teller.Add(text.Stream);
    }

    /// <summary>A text whose first piece was read: that one is told without the teller.</summary>
    private static async Task<Text> BeginAsync()
    {
        var text = new Text();
        text.Stream.Write("a", null);
        Assert.Equal("a", await text.NextAsync());
        return text;
    }

    private sealed class Text
    {
        private readonly IAsyncEnumerator<GenerationChunk> _reader;
        private Task<bool> _next;

        public Text()
        {
            _reader = Stream.ReadAllAsync().GetAsyncEnumerator();
            _next = _reader.MoveNextAsync().AsTask();
        }

        public TextStream Stream { get; } = new();

        /// <summary>Whether the reader would go on.</summary>
        public bool IsTold => _next.IsCompleted;

        public async Task<string> NextAsync()
        {
            Assert.True(await _next.WaitAsync(Patience.Limit));
            var text = _reader.Current.Text;
            _next = _reader.MoveNextAsync().AsTask();
            return text;
        }

        public async Task<string> RestAsync()
        {
            var rest = "";
            while (await _next)
            {
                rest += _reader.Current.Text;
                _next = _reader.MoveNextAsync().AsTask();
            }

            return rest;
        }
    }
}
