using Infill.Models;
using Infill.Models.Gguf;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Models.Gguf;

public sealed class GgufHeaderTests
{
    [Fact]
    public void The_embedded_model_s_header_says_what_it_is()
    {
        var header = GgufHeader.Read(DefaultModel.Path);

        Assert.Equal((3, "qwen3", "IQ4_NL", 16384L, 2048L), (header.Version, header.Architecture, header.Quantisation, header.VocabularySize, header.ContextLength));
        Assert.Equal(new GgufFimTokens(16378, 16380, 16379), header.Fim);
        Assert.Equal("infill", header.FimTemplate);
        Assert.InRange(header.ParameterCount, 50_000_000, 55_000_000);
        Assert.InRange(header.WeightBytes, 30_000_000, new FileInfo(DefaultModel.Path).Length);
    }

    [Fact]
    public void What_a_header_says_is_read_and_markers_are_known_by_their_spelling()
    {
        var header = Read(GgufBytes.Small().ToArray());

        Assert.Equal(
            new GgufHeader
            {
                Version = 3,
                Architecture = "qwen2",
                Name = "Small",
                Licence = "apache-2.0",
                Quantisation = "Q8_0",
                ContextLength = 4096,
                VocabularySize = 6,
                Fim = new GgufFimTokens(2, 4, 3),
                TensorCount = 2,
                ParameterCount = 448,
                WeightBytes = 664,
            },
            header);
    }

    [Fact]
    public void Ids_that_the_metadata_names_win_over_spellings()
    {
        var header = Read(GgufBytes.Small().Number("tokenizer.ggml.fim_pre_token_id", 0).Number("tokenizer.ggml.middle_token_id", 1).ToArray());

        Assert.Equal(new GgufFimTokens(0, 4, 1), header.Fim);
    }

    [Theory]
    [InlineData("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", true)]
    [InlineData("▁<PRE>", "▁<SUF>", "▁<MID>", true)]
    [InlineData("[PREFIX]", "[SUFFIX]", "x", true)] // Codestral has no middle
    [InlineData("<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>", true)]
    [InlineData("▁<AIX-SPAN-PRE>", "▁<AIX-SPAN-POST>", "▁<AIX-SPAN-MIDDLE>", true)]
    [InlineData("fim_prefix", "fim_suffix", "fim_middle", false)]
    public void The_families_markers_are_known(string prefix, string suffix, string middle, bool canFill)
    {
        var header = Read(new GgufBytes().Text("general.architecture", "llama").Texts("tokenizer.ggml.tokens", prefix, suffix, middle).ToArray());

        Assert.Equal(canFill, header.Fim.CanFill);
    }

    [Fact]
    public void Without_a_file_type_the_type_of_most_weights_is_the_quantisation()
    {
        var header = Read(new GgufBytes().Text("general.architecture", "llama").Tensor("a", 0, 32).Tensor("b", 8, 1024).ToArray());

        Assert.Equal("Q8_0", header.Quantisation);
    }

    [Fact]
    public void Version_2_and_a_vocabulary_without_weights_are_read()
    {
        var header = Read(new GgufBytes(version: 2).Text("general.architecture", "gpt2").Texts("tokenizer.ggml.tokens", "a").ToArray());

        Assert.Equal((2, 0, 1L, ""), (header.Version, header.TensorCount, header.VocabularySize, header.Quantisation));
    }

    [Fact]
    public void Control_characters_of_a_file_never_reach_the_terminal()
    {
        var header = Read(new GgufBytes().Text("general.architecture", "llama").Text("general.name", "\u001b[2Jevil\nname").ToArray());

        Assert.Equal("[2Jevil name", header.Name);
    }

    [Theory]
    [InlineData("<!DOCTYPE html><html><body>Please sign in", "is a web page, not a model. Whatever fetched it")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00", "is the Git LFS pointer to a model, not the model itself. Run 'git lfs pull'")]
    [InlineData("PK\u0003\u0004 and so on", "is a zip archive or a PyTorch checkpoint")]
    [InlineData("This is no model at all.", "is not a GGUF model file. Infill needs a model file in GGUF format")]
    [InlineData("abcd", "is not a GGUF model file.")]
    [InlineData("GGUF", "is truncated: it ends, at 4 bytes, before what its header announces. Pull or copy it again.")]
    [InlineData("", "is truncated")]
    public void What_is_no_model_is_named_with_what_to_do(string content, string sentence) =>
        Assert.Contains(sentence, Refused(System.Text.Encoding.UTF8.GetBytes(content)), StringComparison.Ordinal);

    [Fact]
    public void Other_versions_and_byte_orders_are_told_apart()
    {
        Assert.Contains("is GGUF version 1; Infill reads 2 and 3", Refused(new GgufBytes(1).ToArray()), StringComparison.Ordinal);
        Assert.Contains("for big-endian machines", Refused(new GgufBytes(3 << 24).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_ends_anywhere_early_is_truncated()
    {
        var whole = GgufBytes.Small().ToArray();
        var dataEnds = whole.Length - 8; // the padding behind the last tensor is nobody's loss

        for (var length = 5; length < dataEnds; length++)
        {
            Assert.Contains("is truncated", Refused(whole[..length]), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Counts_and_lengths_beyond_the_file_are_not_believed()
    {
        var small = GgufBytes.Small();

        Assert.Contains("is truncated", Refused(small.ToArray(claimedKeys: ulong.MaxValue)), StringComparison.Ordinal);
        Assert.Contains("is truncated", Refused(small.ToArray(claimedTensors: 1UL << 62)), StringComparison.Ordinal);
        Assert.Contains("is truncated", Refused(small.Raw("x", 8, 255, 255, 255, 255, 255, 255, 255, 127).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void What_llama_would_choke_on_is_refused_with_its_reason()
    {
        Assert.Contains("names no architecture", Refused(new GgufBytes().Text("general.name", "x").ToArray()), StringComparison.Ordinal);
        Assert.Contains("names no architecture", Refused(new GgufBytes().Text("general.architecture", "../../etc").ToArray()), StringComparison.Ordinal);
        Assert.Contains("unknown kind 77", Refused(GgufBytes.Small().Raw("x", 77, 1).ToArray()), StringComparison.Ordinal);
        Assert.Contains("lists of lists", Refused(GgufBytes.Small().Raw("x", 9, 9, 0, 0, 0).ToArray()), StringComparison.Ordinal);
        Assert.Contains("says the same thing twice", Refused(GgufBytes.Small().Text("general.name", "again").ToArray()), StringComparison.Ordinal);
        Assert.Contains("its alignment is 3", Refused(GgufBytes.Small().Number("general.alignment", 3).ToArray()), StringComparison.Ordinal);
        Assert.Contains("larger than any disk", Refused(GgufBytes.Small().Tensor("t", 0, 1UL << 40, 1UL << 40).ToArray()), StringComparison.Ordinal);
        Assert.Contains("has 5 dimensions", Refused(GgufBytes.Small().Tensor("t", 0, 1, 1, 1, 1, 1).ToArray()), StringComparison.Ordinal);
        Assert.Contains("is 64 bytes long", Refused(GgufBytes.Small().Tensor(new string('t', 64), 0, 1).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_named()
    {
        Assert.Contains("'/no/such.gguf' does not exist", Assert.Throws<ModelException>(() => GgufHeader.Read("/no/such.gguf")).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder; name a .gguf file", Assert.Throws<ModelException>(() => GgufHeader.Read(Path.GetTempPath())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_longer_than_the_buffer_is_passed_over()
    {
        var header = Read(new GgufBytes().Text("tokenizer.chat_template", new string('x', 300_000)).Text("general.architecture", "llama")
            .Texts("tokenizer.ggml.tokens", new string('y', 70_000), "<fim_prefix>").ToArray());

        Assert.Equal(("llama", 1), (header.Architecture, header.Fim.Prefix));
    }

    private static GgufHeader Read(byte[] file) => GgufHeader.Read(new MemoryStream(file), "m.gguf");

    private static string Refused(byte[] file) => Assert.Throws<ModelException>(() => Read(file)).Message;
}
