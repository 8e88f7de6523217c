using Infill.Completion.Prompting;
using Infill.Completion.Remote;
using Infill.Engine.Remote;

namespace Infill.Tests.Completion.Remote;

/// <summary>Prompts as text: each family's own words, and none of the document's taken for one of them.</summary>
public sealed class TextTemplateTests
{
    private static readonly RemoteRequest s_place = new("p", "s") { Path = "a.py", Repository = "repo" };

    [Theory]
    [InlineData("Qwen/Qwen2.5-Coder-7B", "<|file_sep|>a.py\n<|fim_prefix|>p<|fim_suffix|>s<|fim_middle|>")]
    [InlineData("bigcode/starcoder2-3b", "<fim_prefix>p<fim_suffix>s<fim_middle>")]
    [InlineData("stabilityai/stable-code-3b", "<fim_prefix>p<fim_suffix>s<fim_middle>")]
    [InlineData("deepseek-ai/DeepSeek-Coder-V2-Lite-Base", "<｜fim▁begin｜>p<｜fim▁hole｜>s<｜fim▁end｜>")]
    [InlineData("google/codegemma-2b", "<|fim_prefix|>p<|fim_suffix|>s<|fim_middle|>")]
    [InlineData("ibm-granite/granite-4.0-tiny", "<|fim_prefix|>p<|fim_suffix|>s<|fim_middle|>")]
    [InlineData("ByteDance-Seed/Seed-Coder-8B-Base", "<[fim-suffix]>s<[fim-prefix]>p<[fim-middle]>")]
    [InlineData("JetBrains/Mellum-4b-base", "<filename>a.py\n<fim_suffix>s<fim_prefix>p<fim_middle>")]
    [InlineData("zai-org/GLM-4.5", "<|code_prefix|>p<|code_suffix|>s<|code_middle|>")]
    [InlineData("mistralai/Codestral-22B", "[SUFFIX]s[PREFIX] p")]
    public void A_model_s_name_tells_its_family_and_its_words(string model, string prompt) =>
        Assert.Equal(prompt, new TextTemplate(ModelFamilies.Of(model)!).Write(s_place).Text);

    [Theory]
    [InlineData("gpt-oss-20b")]
    [InlineData("Meta-Llama-3-8B")]
    public void A_name_that_says_nothing_gives_no_template(string model) => Assert.Null(ModelFamilies.Of(model));

    [Fact]
    public void Other_files_go_where_the_family_has_them()
    {
        var prompt = new TextTemplate(FimTemplates.Named("qwen")!).Write(s_place with { Files = [new RemoteFile("b.py", "b = 1")] });

        Assert.Equal("<|file_sep|>b.py\nb = 1\n<|file_sep|>a.py\n<|fim_prefix|>p<|fim_suffix|>s<|fim_middle|>", prompt.Text);
        Assert.Contains("<|file_sep|>", prompt.Stops);
    }

    [Theory]
    [InlineData("<|fim_middle|>")]
    [InlineData("<|endoftext|>")]
    [InlineData("<|im_start|>")]
    [InlineData("<|some_other|>")]
    [InlineData("<｜end▁of▁sentence｜>")]
    [InlineData("</s>")]
    public void A_marker_in_the_document_cuts_the_window_there(string marker)
    {
        var place = s_place with { Prefix = $"before {marker} between {marker} near", Suffix = $" next {marker} far" };

        var prompt = new TextTemplate(FimTemplates.Named("qwen")!).Write(place).Text;

        Assert.Equal("<|file_sep|>a.py\n<|fim_prefix|> near<|fim_suffix|> next <|fim_middle|>", prompt);
    }

    [Fact]
    public void A_marker_in_a_name_or_another_file_leaves_that_out()
    {
        var place = s_place with { Path = "<|fim_middle|>.py", Files = [new RemoteFile("b.py", "x = '<|endoftext|>'"), new RemoteFile("<|im_end|>", "c"), new RemoteFile("d.py", "d")] };

        var prompt = new TextTemplate(FimTemplates.Named("qwen")!).Write(place).Text;

        Assert.Equal("<|file_sep|>d.py\nd\n<|fim_prefix|>p<|fim_suffix|>s<|fim_middle|>", prompt);
    }

    [Fact]
    public void No_template_lets_any_marker_of_any_family_in()
    {
        var markers = FimTemplates.All.Where(TextTemplate.CanWrite).SelectMany(static template => new TextTemplate(template).Write(s_place).Stops.Select(marker => (template, marker)));

        Assert.All(markers, static each =>
        {
            var (template, marker) = each;
            var clean = new TextTemplate(template).Write(s_place).Text;
            Assert.Equal(clean, new TextTemplate(template).Write(s_place with { Prefix = $"{marker}p", Suffix = $"s{marker}" }).Text);
        });
    }

    [Fact]
    public void Templates_that_name_their_markers_by_role_cannot_be_written()
    {
        Assert.Throws<ArgumentException>(static () => new TextTemplate(FimTemplates.Named("prefix-first")!));
        Assert.Equal("p", new TextTemplate(FimTemplates.PrefixOnly).Write(s_place).Text);
    }
}
