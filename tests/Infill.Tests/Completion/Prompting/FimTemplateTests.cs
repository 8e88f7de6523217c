using Infill.Completion.Prompting;
using Infill.Engine;

namespace Infill.Tests.Completion.Prompting;

/// <summary>Each family's prompt, as its makers wrote it down: markers as they are spelled, text as it is.</summary>
public sealed class FimTemplateTests
{
    private static readonly string[] s_qwen = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|repo_name|>", "<|file_sep|>", "<|endoftext|>"];
    private static readonly string[] s_starcoder = ["<|endoftext|>", "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<filename>", "<reponame>"];
    private static readonly string[] s_starcoder2 = ["<|endoftext|>", "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<repo_name>", "<file_sep>"];
    private static readonly string[] s_code = ["<|code_prefix|>", "<|code_middle|>", "<|code_suffix|>", "<|user|>", "<|assistant|>"];

    /// <summary>Family, the markers of its vocabulary, its metadata, and its prompts of one file and of two.</summary>
    public static TheoryData<string, string[], string, string, string?> Families => new()
    {
        {
            "qwen", s_qwen, "general.name=Qwen2.5-Coder-1.5B",
            "<|file_sep|>src/a.py\n<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>",
            "<|repo_name|>work\n<|file_sep|>src/b.py\nother\n<|file_sep|>src/a.py\n<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>"
        },
        {
            "codegemma", ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_separator|>"], "general.architecture=gemma",
            "<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>",
            "src/b.py\nother<|file_separator|>src/a.py\n<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>"
        },
        {
            "granite", ["<|end_of_text|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"], "general.architecture=granite",
            "<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>", null
        },
        {
            "mellum", s_starcoder, "general.name=Mellum 4b Base",
            "<filename>src/a.py\n<fim_suffix>after<fim_prefix>before<fim_middle>",
            "<reponame>work\n<filename>src/b.py\nother<filename>src/a.py\n<fim_suffix>after<fim_prefix>before<fim_middle>"
        },
        { "refact", s_starcoder, "general.architecture=refact", "<|endoftext|><fim_suffix>after<fim_prefix>before<fim_middle>", null },
        {
            "starcoder2", s_starcoder2, "general.architecture=starcoder2",
            "<fim_prefix>before<fim_suffix>after<fim_middle>",
            "<repo_name>work<file_sep>src/b.py\nother<file_sep><fim_prefix>src/a.py\nbefore<fim_suffix>after<fim_middle>"
        },
        { "starcoder", s_starcoder, "general.architecture=starcoder", "<filename>src/a.py<fim_prefix>before<fim_suffix>after<fim_middle>", null },
        { "santacoder", ["<fim-prefix>", "<fim-middle>", "<fim-suffix>"], "", "<fim-prefix>before<fim-suffix>after<fim-middle>", null },
        { "codellama", ["▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>"], "", "▁<PRE>▁<SUF>after▁<MID> before", null },
        { "codellama", ["<PRE>", "<SUF>", "<MID>", "<EOT>"], "", "<PRE><SUF>after<MID> before", null },
        {
            "deepseek", ["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"], "",
            "<｜fim▁begin｜>before<｜fim▁hole｜>after<｜fim▁end｜>",
            "<｜fim▁begin｜>#src/b.py\nother\n#src/a.py\nbefore<｜fim▁hole｜>after<｜fim▁end｜>"
        },
        {
            "codestral", ["[SUFFIX]", "[PREFIX]"], "",
            "[SUFFIX]after[PREFIX] before",
            "[SUFFIX]after[PREFIX]+++++ src/b.py\nother\n+++++ src/a.py\n before"
        },
        {
            "seed-coder", ["<[fim-suffix]>", "<[fim-prefix]>", "<[fim-middle]>"], "",
            "<[fim-suffix]>after<[fim-prefix]>before<[fim-middle]>", null
        },
        {
            "codegeex", s_code, "general.architecture=chatglm",
            "<|user|>\n###PATH:src/a.py\n###LANGUAGE:Python\n###MODE:BLOCK\n<|code_suffix|>after<|code_prefix|>before<|code_middle|><|assistant|>\n",
            "<|user|>\n###REFERENCE:\n###PATH:src/b.py\nother\n###PATH:src/a.py\n###LANGUAGE:Python\n###MODE:BLOCK\n<|code_suffix|>after<|code_prefix|>before<|code_middle|><|assistant|>\n"
        },
        { "glm", s_code, "general.architecture=glm4moe", "<|code_prefix|>before<|code_suffix|>after<|code_middle|>", null },
        {
            "aixcoder", ["▁<AIX-SPAN-PRE>", "▁<AIX-SPAN-POST>", "▁<AIX-SPAN-MIDDLE>"], "",
            "▁<AIX-SPAN-PRE>▁<AIX-SPAN-POST>after▁<AIX-SPAN-MIDDLE># the file path is: src/a.py\n# the code file is written by Python\nbefore", null
        },
        { "falcon", ["<|prefix|>", "<|suffix|>", "<|middle|>"], "", "<|prefix|>before<|suffix|>after<|middle|>", null },
        { "prefix-only", ["<|endoftext|>", "<|im_start|>"], "general.name=Llama", "before", null },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void Each_family_is_known_by_its_vocabulary_and_prompted_as_it_learnt(string family, string[] markers, string fact, string oneFile, string? repository)
    {
        var vocabulary = Vocabulary(markers, fact);

        var template = FimTemplate.For(vocabulary);

        Assert.Equal(family, template.Name);
        Assert.Equal(oneFile, Render(template, vocabulary, Prompt(vocabulary)));
        Assert.Equal(repository is not null, new BoundTemplate(template, vocabulary).TakesFiles);
        Assert.Equal(repository ?? oneFile, Render(template, vocabulary, Prompt(vocabulary) with { Files = [new ContextFile("src/b.py", vocabulary.Tokens("other"))] }));
    }

    [Theory]
    [InlineData("starcoder-spm", "<filename>src/a.py<fim_prefix><fim_suffix>after<fim_middle>before")]
    [InlineData("suffix-first", "<fim_suffix>after<fim_prefix>before<fim_middle>")]
    public void The_other_orders_are_there_for_those_who_name_them(string name, string expected)
    {
        var vocabulary = new WordVocabulary { Markers = s_starcoder, Fim = new FimTokens(WordVocabulary.FirstSpecial + 1, WordVocabulary.FirstSpecial + 3, WordVocabulary.FirstSpecial + 2, null, null) };

        Assert.Equal(expected, Render(FimTemplates.Named(name)!, vocabulary, Prompt(vocabulary)));
    }

    [Theory]
    [InlineData("codellama-psm", "▁<PRE> before▁<SUF>after▁<MID>")]
    [InlineData("aixcoder-psm", "▁<AIX-SPAN-PRE># the file path is: src/a.py\n# the code file is written by Python\nbefore▁<AIX-SPAN-POST>after▁<AIX-SPAN-MIDDLE>")]
    public void Families_of_two_orders_can_be_asked_prefix_first(string name, string expected)
    {
        var vocabulary = new WordVocabulary { Markers = ["▁<PRE>", "▁<SUF>", "▁<MID>", "▁<AIX-SPAN-PRE>", "▁<AIX-SPAN-POST>", "▁<AIX-SPAN-MIDDLE>"] };

        Assert.Equal(expected, Render(FimTemplates.Named(name)!, vocabulary, Prompt(vocabulary)));
    }

    [Fact]
    public void Every_template_is_tested_by_name()
    {
        var tested = Families.Select(static row => row.Data.Item1)
            .Concat(["infill", "starcoder-spm", "codellama-psm", "aixcoder-psm", "prefix-first", "suffix-first"]);

        Assert.Equal(FimTemplates.All.Select(static template => template.Name).Order(StringComparer.Ordinal), tested.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Markers_of_any_spelling_that_the_metadata_names_are_used_prefix_first()
    {
        var vocabulary = new WordVocabulary { Markers = ["<a>", "<b>", "<c>"], Fim = new FimTokens(WordVocabulary.Prefix, WordVocabulary.Suffix, WordVocabulary.Middle, null, null) };

        Assert.Equal("<a>before<b>after<c>", Render(FimTemplate.For(vocabulary), vocabulary, Prompt(vocabulary)));
    }

    [Fact]
    public void A_model_may_name_its_template_itself() =>
        Assert.Equal("suffix-first", FimTemplate.For(Vocabulary(s_qwen, $"{FimTemplate.MetadataKey}=suffix-first")).Name);

    [Fact]
    public void The_first_embedded_model_did_not_say_that_it_is_asked_suffix_first()
    {
        var template = FimTemplate.For(new WordVocabulary { ModelName = "fim-52m", Size = 16384 });

        Assert.Equal(("infill", FimOrder.SuffixFirst), (template.Name, template.Order));
    }

    [Fact]
    public void A_model_that_lacks_a_marker_only_continues() =>
        Assert.Equal(FimOrder.PrefixOnly, FimTemplate.For(Vocabulary(["<|fim_prefix|>", "<|fim_suffix|>"], "")).Order);

    [Fact]
    public void A_template_whose_markers_the_model_lacks_is_refused_in_plain_words()
    {
        var vocabulary = Vocabulary(s_qwen, "");

        var refusal = Assert.Throws<EngineException>(() => new BoundTemplate(FimTemplates.Named("codellama")!, vocabulary));

        Assert.Contains("'▁<PRE>' or '<PRE>'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_expects_a_beginning_gets_it_first_and_once()
    {
        var qwen = new WordVocabulary { Markers = s_qwen, BeginningOfText = WordVocabulary.FirstSpecial + 5 };
        var refact = new WordVocabulary { Markers = s_starcoder, ModelName = "Refact", BeginningOfText = WordVocabulary.FirstSpecial };

        Assert.StartsWith("<|endoftext|><|file_sep|>", Render(FimTemplate.For(qwen), qwen, Prompt(qwen)), StringComparison.Ordinal);
        Assert.StartsWith("<|endoftext|><fim_suffix>", Render(FimTemplate.For(refact), refact, Prompt(refact)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_has_no_name_is_left_out()
    {
        var vocabulary = Vocabulary(s_qwen, "");
        var prompt = Prompt(vocabulary) with { Names = FileNames.None };

        Assert.Equal("<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>", Render(FimTemplate.For(vocabulary), vocabulary, prompt));
        Assert.Equal(
            "<|file_sep|>src/b.py\nother\n<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>",
            Render(FimTemplate.For(vocabulary), vocabulary, prompt with { Files = [new ContextFile("src/b.py", vocabulary.Tokens("other"))] }));
    }

    [Fact]
    public void Without_a_file_marker_the_path_is_left_out()
    {
        var vocabulary = Vocabulary(["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"], "");

        Assert.Equal("<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>", Render(FimTemplate.For(vocabulary), vocabulary, Prompt(vocabulary)));
    }

    [Fact]
    public void A_prompt_says_where_the_text_before_the_cursor_stands_in_it()
    {
        foreach (var row in Families)
        {
            var vocabulary = Vocabulary(row.Data.Item2, row.Data.Item3);
            var tokens = new BoundTemplate(FimTemplate.For(vocabulary), vocabulary).Render(Prompt(vocabulary), out var prefix);

            Assert.Equal("before", vocabulary.Text(tokens[prefix]).TrimStart());
        }
    }

    [Fact]
    public void A_prompt_never_has_more_than_its_texts_and_the_overhead_it_names()
    {
        foreach (var row in Families)
        {
            var vocabulary = Vocabulary(row.Data.Item2, row.Data.Item3);
            var bound = new BoundTemplate(FimTemplate.For(vocabulary), vocabulary);
            var prompt = Prompt(vocabulary);

            Assert.True(bound.Render(prompt, out _).Count <= bound.MaxOverhead(prompt.Names) + prompt.Prefix.Count + prompt.Suffix.Count, row.Data.Item1);
        }
    }

    private static WordVocabulary Vocabulary(string[] markers, string fact)
    {
        var (key, value) = fact.Split('=') is [var k, var v] ? (k, v) : ("", "");
        return new WordVocabulary
        {
            Markers = markers,
            ModelName = key == "general.name" ? value : "some model",
            Facts = new Dictionary<string, string> { [key] = value },
        };
    }

    private static FimPrompt Prompt(WordVocabulary vocabulary)
    {
        var lead = FimTemplate.For(vocabulary).Lead;
        return new FimPrompt(vocabulary.Tokens(lead + "before"), vocabulary.Tokens("after")) { Names = new FileNames("src/a.py", "work") };
    }

    private static string Render(FimTemplate template, WordVocabulary vocabulary, FimPrompt prompt)
    {
        var withLead = prompt with { Prefix = vocabulary.Tokens(template.Lead + "before") };
        return vocabulary.Text(new BoundTemplate(template, vocabulary).Render(withLead, out _));
    }
}
