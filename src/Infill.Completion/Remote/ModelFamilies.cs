using Infill.Completion.Prompting;

namespace Infill.Completion.Remote;

/// <summary>Which family a model is of, by its name alone: all that another server tells of it.</summary>
public static class ModelFamilies
{
    /// <summary>Parts of names, and the family's template; the first that is found counts.</summary>
    private static readonly (string Part, string Template)[] s_names =
    [
        ("fim-52m", "infill"),
        ("codeqwen", "starcoder2"),
        ("qwen", "qwen"),
        ("codegemma", "codegemma"),
        ("granite-3.3", "granite"),
        ("granite-4", "granite"),
        ("granite4", "granite"),
        ("granite", "starcoder"), // Granite Code
        ("mellum", "mellum"),
        ("refact", "refact"),
        ("starcoder2", "starcoder2"),
        ("starcoder", "starcoder"),
        ("stable-code", "starcoder"),
        ("stablecode", "starcoder"),
        ("santacoder", "santacoder"),
        ("codellama", "codellama"),
        ("code-llama", "codellama"),
        ("deepseek-coder", "deepseek"),
        ("codestral", "codestral"),
        ("seed-coder", "seed-coder"),
        ("codegeex", "codegeex"),
        ("glm-4", "glm"),
        ("aixcoder", "aixcoder"),
        ("falcon-h1", "falcon"),
    ];

    /// <summary>Null where the name says nothing: a wrong template is worth no more than none.</summary>
    public static FimTemplate? Of(string model)
    {
        foreach (var (part, template) in s_names)
        {
            if (model.Contains(part, StringComparison.OrdinalIgnoreCase)) return FimTemplates.Named(template);
        }

        return null;
    }
}
