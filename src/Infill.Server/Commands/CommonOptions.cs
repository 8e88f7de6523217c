using System.CommandLine;

namespace Infill.Server.Commands;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    public static Option<string?> Model() => new("--model") { Description = "A GGUF model file to use instead of the one in the settings.", HelpName = "FILE" };

    public static Option<string?> Template() => new("--template")
    {
        Description = "Prompt the model by this template, unproved, instead of the one that its vocabulary asks for: qwen, codellama, prefix-only and others.",
        HelpName = "NAME",
    };

    public static Option<bool> Json() => new("--json") { Description = "Print one JSON object on standard output and nothing else there." };
}
