using System.CommandLine;

namespace Infill.Server.Commands;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    public static Option<string?> Model() => new("--model") { Description = "A GGUF model file to use instead of the one in the settings.", HelpName = "FILE" };

    public static Option<bool> Json() => new("--json") { Description = "Print one JSON object on standard output and nothing else there." };
}
