using System.Text;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Infill.Tests.Engine.Llama;

[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class LlamaModelTests
{
    [Fact]
    public void Released_weights_leave_the_vocabulary_and_come_back_with_the_next_context()
    {
        using var model = DefaultModel.Load();
        List<int> before = [];
        model.Tokenize("def add(a, b):", before);

        model.ReleaseWeights();
        List<int> released = [];
        model.Tokenize("def add(a, b):", released);
        using var runner = model.CreateRunner(new EngineOptions { MaxSequences = 1, Threads = 1 });

        Assert.Equal(1, runner.MaxSequences);
        Assert.Equal(before, released);
        Assert.Equal("def add(a, b):", string.Concat(released.Select(token => Encoding.UTF8.GetString(model.Piece(token)))));
    }

    [Fact]
    public void The_default_model_has_its_fill_in_the_middle_tokens()
    {
        using var model = DefaultModel.Load();

        Assert.Equal(new FimTokens(Prefix: 16378, Suffix: 16380, Middle: 16379, Repository: 16382, FileSeparator: 16383), model.Fim);
    }

    [Theory]
    [InlineData("def add(a, b):\n    return a + b\n")]
    [InlineData("漢字 😀 é\r\n\t<|fim_middle|>")]
    [InlineData("a")]
    public void Text_survives_its_tokens(string text)
    {
        using var model = DefaultModel.Load();
        var tokens = new List<int>();

        model.Tokenize(text, tokens);

        Assert.Equal(text, Encoding.UTF8.GetString([.. tokens.SelectMany(token => model.Piece(token).ToArray())]));
    }

    [Theory]
    [InlineData("<|fim_middle|>")]
    [InlineData("x = '<|fim_prefix|>' # <|endoftext|>")]
    public void A_document_that_spells_a_special_token_stays_text(string text)
    {
        using var model = DefaultModel.Load();
        var tokens = new List<int>();

        model.Tokenize(text, tokens);

        Assert.All(tokens, token => Assert.True(!model.Piece(token).IsEmpty && !model.IsEndOfGeneration(token)));
        Assert.DoesNotContain(tokens, token => token >= 16378);
    }

    [Fact]
    public void Half_a_surrogate_pair_does_no_harm()
    {
        using var model = DefaultModel.Load();
        var tokens = new List<int>();

        model.Tokenize("a\uD83D", tokens);

        Assert.NotEmpty(tokens);
    }

    [Fact]
    public void A_vocabulary_asked_after_its_model_was_freed_says_so()
    {
        var model = DefaultModel.Load();
        model.Dispose();

        Assert.Throws<ObjectDisposedException>(() => model.Tokenize("text", []));
        Assert.Throws<ObjectDisposedException>(() => model.Piece(1000).Length);
        Assert.Throws<ObjectDisposedException>(() => model.Spelling(1000));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(16384)]
    public void A_token_that_the_vocabulary_lacks_has_no_spelling(int token)
    {
        using var model = DefaultModel.Load();

        Assert.Throws<ArgumentOutOfRangeException>(() => model.Spelling(token));
    }

    [Fact]
    public void Loading_tells_its_progress()
    {
        LlamaLibrary.Load(NullLogger.Instance);
        var progress = new Shares();

        using var model = LlamaModel.Load(DefaultModel.Path, progress);

        Assert.Equal(1f, progress.Reported[^1]);
        Assert.Equal(progress.Reported.Order(), progress.Reported);
    }

    [Fact]
    public void A_report_of_progress_that_throws_ends_the_load_with_its_exception()
    {
        LlamaLibrary.Load(NullLogger.Instance);

        Assert.Throws<InvalidOperationException>(() => LlamaModel.Load(DefaultModel.Path, new Failing()));
    }

    [Fact]
    public void A_missing_file_is_named() => AssertRefused("/no/such/model.gguf", "The model file '/no/such/model.gguf' does not exist.");

    [Fact]
    public void A_folder_is_no_model() => AssertRefused("/tmp", "'/tmp' is a folder; name a .gguf file.");

    [Fact]
    public void A_file_that_is_no_gguf_is_refused()
    {
        using var file = new TemporaryFile("This is no model at all."u8);

        AssertRefused(file.Path, $"'{file.Path}' is not a GGUF model file.");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(10)]
    public void A_file_that_ends_in_its_header_is_truncated(int length)
    {
        using var file = Beginning(length);

        AssertRefused(file.Path, $"'{file.Path}' is truncated: it ends inside its header. Fetch it again.");
    }

    [Theory]
    [InlineData(24, "failed to read key-value pairs")]
    [InlineData(1000, "failed to read key-value pairs")]
    [InlineData(200_000, "failed to read key-value pairs")]
    [InlineData(2_000_000, "tensor 'token_embd.weight' data is not within the file bounds, model is corrupted or incomplete")]
    [InlineData(30_000_000, "tensor 'blk.7.ffn_up.weight' data is not within the file bounds, model is corrupted or incomplete")]
    public void A_file_that_ends_early_is_refused_with_the_first_thing_that_llama_missed(int length, string reason)
    {
        using var file = Beginning(length);

        AssertRefused(file.Path, $"llama.cpp could not load '{file.Path}': {reason}");
    }

    [Fact]
    public void Another_gguf_version_is_refused_before_the_native_code_sees_it()
    {
        using var file = new TemporaryFile([.. "GGUF"u8, 9, 0, 0, 0, .. new byte[16]]);

        AssertRefused(file.Path, $"'{file.Path}' is GGUF version 9; llama.cpp {LlamaLibrary.PinnedVersion} reads 2 and 3.");
    }

    private static TemporaryFile Beginning(int length)
    {
        using var whole = File.OpenRead(DefaultModel.Path);
        var bytes = new byte[length];
        whole.ReadExactly(bytes);
        return new TemporaryFile(bytes);
    }

    private static void AssertRefused(string path, string sentence) => Assert.Equal(sentence, Refused(path).Message);

    private static EngineException Refused(string path)
    {
        LlamaLibrary.Load(NullLogger.Instance);
        return Assert.Throws<EngineException>(() => LlamaModel.Load(path));
    }

    private sealed class Failing : IProgress<float>
    {
        public void Report(float value) => throw new InvalidOperationException("The window is gone.");
    }

    private sealed class Shares : IProgress<float>
    {
        public List<float> Reported { get; } = [];

        public void Report(float value) => Reported.Add(value);
    }
}
