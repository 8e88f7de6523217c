using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>The templates of all families known, by their names.</summary>
public static class FimTemplates
{
    /// <summary>Its markers are those that the metadata names, or llama.cpp knows, whatever their spelling.</summary>
    private const string Prefix = "«:prefix»", Suffix = "«:suffix»", Middle = "«:middle»";

    private const string QwenSingle = "[«<|file_sep|>»{path}\n]«<|fim_prefix|>»{prefix}«<|fim_suffix|>»{suffix}«<|fim_middle|>»";
    private const string QwenFile = "«<|file_sep|>»{path}\n{text}\n";

    /// <summary>For a model without FIM tokens, and for those who want it so.</summary>
    public static FimTemplate PrefixOnly { get; } = new("prefix-only", "{prefix}");

    /// <summary>In the order in which they are tried: who has markers of others besides its own goes first.</summary>
    public static IReadOnlyList<FimTemplate> All { get; } =
    [
        // The embedded model names it in its metadata. Its first version didn't, and was clearly better suffix first too.
        new("infill", "[«<|file_sep|>»{path}\n]«<|fim_suffix|>»{suffix}«<|fim_prefix|>»{prefix}«<|fim_middle|>»")
        {
            Repository = "[«<|repo_name|>»{repository}\n]{files}«<|file_sep|>»{path}\n«<|fim_suffix|>»{suffix}«<|fim_prefix|>»{prefix}«<|fim_middle|>»",
            OtherFile = QwenFile,
            Fits = static model => model is { ModelName: "fim-52m", Size: 16384 },
        },
        new("codegemma", "«<|fim_prefix|>»{prefix}«<|fim_suffix|>»{suffix}«<|fim_middle|>»")
        {
            Repository = "{files}{path}\n«<|fim_prefix|>»{prefix}«<|fim_suffix|>»{suffix}«<|fim_middle|>»",
            OtherFile = "{path}\n{text}«<|file_separator|>»",
            Fits = static model => model.FindSpecial("<|file_separator|>") is not null,
        },
        new("granite", "«<|fim_prefix|>»{prefix}«<|fim_suffix|>»{suffix}«<|fim_middle|>»") // Granite 3.3 and 4
        {
            Fits = static model => model.FindSpecial("<|end_of_text|>") is not null,
        },
        new("qwen", QwenSingle) // Qwen2.5-Coder, Qwen3-Coder
        {
            Repository = $"[«<|repo_name|>»{{repository}}\n]{{files}}{QwenSingle}",
            OtherFile = QwenFile,
        },
        new("mellum", "[«<filename>»{path}\n]«<fim_suffix>»{suffix}«<fim_prefix>»{prefix}«<fim_middle>»")
        {
            Repository = "[«<reponame>»{repository}\n]{files}«<filename>»{path}\n«<fim_suffix>»{suffix}«<fim_prefix>»{prefix}«<fim_middle>»",
            OtherFile = "«<filename>»{path}\n{text}",
            Fits = static model => IsCalled(model, "mellum"),
        },
        new("refact", "«<|endoftext|>»«<fim_suffix>»{suffix}«<fim_prefix>»{prefix}«<fim_middle>»")
        {
            Fits = static model => model.Metadata("general.architecture") == "refact" || IsCalled(model, "refact"),
        },
        new("starcoder2", "«<fim_prefix>»{prefix}«<fim_suffix>»{suffix}«<fim_middle>»") // CodeQwen1.5 too
        {
            Repository = "[«<repo_name> or <reponame>»{repository}]{files}«<file_sep>»«<fim_prefix>»{path}\n{prefix}«<fim_suffix>»{suffix}«<fim_middle>»",
            OtherFile = "«<file_sep>»{path}\n{text}",
            Fits = static model => model.FindSpecial("<file_sep>") is not null,
        },
        new("starcoder", "[«<filename>»{path}]«<fim_prefix>»{prefix}«<fim_suffix>»{suffix}«<fim_middle>»"), // StableCode, Granite Code too
        new("starcoder-spm", "[«<filename>»{path}]«<fim_prefix>»«<fim_suffix>»{suffix}«<fim_middle>»{prefix}") { IsChosenAlone = false },
        new("santacoder", "«<fim-prefix>»{prefix}«<fim-suffix>»{suffix}«<fim-middle>»"),

        // Trained on both orders half and half, this one of them with the middle's marker before the prefix.
        new("codellama", "«▁<PRE> or <PRE>»«▁<SUF> or <SUF>»{suffix}«▁<MID> or <MID>»{prefix}") { Lead = " " },
        new("codellama-psm", "«▁<PRE> or <PRE>»{prefix}«▁<SUF> or <SUF>»{suffix}«▁<MID> or <MID>»") { Lead = " ", IsChosenAlone = false },
        new("deepseek", "«<｜fim▁begin｜>»{prefix}«<｜fim▁hole｜>»{suffix}«<｜fim▁end｜>»")
        {
            Repository = "«<｜fim▁begin｜>»{files}#{path}\n{prefix}«<｜fim▁hole｜>»{suffix}«<｜fim▁end｜>»",
            OtherFile = "#{path}\n{text}\n",
        },
        new("codestral", "«[SUFFIX]»{suffix}«[PREFIX]»{prefix}") // no middle: what follows the prefix is it
        {
            Repository = "«[SUFFIX]»{suffix}«[PREFIX]»{files}+++++ {path}\n{prefix}",
            OtherFile = "+++++ {path}\n{text}\n",
            Lead = " ",
        },
        new("seed-coder", "«<[fim-suffix]>»{suffix}«<[fim-prefix]>»{prefix}«<[fim-middle]>»"),
        new("codegeex", "«<|user|>»\n[###PATH:{path}\n][###LANGUAGE:{language}\n]###MODE:BLOCK\n«<|code_suffix|>»{suffix}«<|code_prefix|>»{prefix}«<|code_middle|>»«<|assistant|>»\n")
        {
            Repository = "«<|user|>»\n###REFERENCE:\n{files}[###PATH:{path}\n][###LANGUAGE:{language}\n]###MODE:BLOCK\n" +
                "«<|code_suffix|>»{suffix}«<|code_prefix|>»{prefix}«<|code_middle|>»«<|assistant|>»\n",
            OtherFile = "###PATH:{path}\n{text}\n",
            Fits = static model => model.Metadata("general.architecture") == "chatglm",
        },
        new("glm", "«<|code_prefix|>»{prefix}«<|code_suffix|>»{suffix}«<|code_middle|>»"),
        new("aixcoder", "«▁<AIX-SPAN-PRE> or <AIX-SPAN-PRE>»«▁<AIX-SPAN-POST> or <AIX-SPAN-POST>»{suffix}«▁<AIX-SPAN-MIDDLE> or <AIX-SPAN-MIDDLE>»" +
            "[{comment}the file path is: {path}\n][{comment}the code file is written by {language}\n]{prefix}"),
        new("aixcoder-psm", "«▁<AIX-SPAN-PRE> or <AIX-SPAN-PRE>»[{comment}the file path is: {path}\n][{comment}the code file is written by {language}\n]{prefix}" +
            "«▁<AIX-SPAN-POST> or <AIX-SPAN-POST>»{suffix}«▁<AIX-SPAN-MIDDLE> or <AIX-SPAN-MIDDLE>»") { IsChosenAlone = false },
        new("falcon", "«<|prefix|>»{prefix}«<|suffix|>»{suffix}«<|middle|>»"), // Falcon-H1-Tiny-Coder
        new("prefix-first", $"{Prefix}{{prefix}}{Suffix}{{suffix}}{Middle}"), // whoever names the markers in metadata
        new("suffix-first", $"{Suffix}{{suffix}}{Prefix}{{prefix}}{Middle}") { IsChosenAlone = false },
        PrefixOnly,
    ];

    /// <summary>Null where no template is called so.</summary>
    public static FimTemplate? Named(string name) => All.FirstOrDefault(template => template.Name == name);

    private static bool IsCalled(IVocabulary model, string family) =>
        model.ModelName.Contains(family, StringComparison.OrdinalIgnoreCase) ||
        model.Metadata("general.basename").Contains(family, StringComparison.OrdinalIgnoreCase);
}
