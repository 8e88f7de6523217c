using System.Text;
using Infill.Protocol.Lsp;

namespace Infill.Server.Commands;

/// <summary>An explained prompt as text for a terminal.</summary>
internal static class Explanation
{
    /// <summary>A line for each part, in the prompt's order, with other files' text below; lines and bytes count from 1.</summary>
    public static string Render(ExplainResult prompt)
    {
        var text = new StringBuilder($"The prompt: {prompt.Tokens} tokens, template {prompt.Template}.\n");
        foreach (var part in prompt.Parts)
        {
            if (part.StartByte == part.EndByte)
            {
                text.Append($"  nothing {part.Reason}\n");
                continue;
            }

            text.Append($"  {part.Path}, lines {part.StartLine + 1}-{part.EndLine}, bytes {part.StartByte + 1}-{part.EndByte}: {part.Tokens} tokens, {part.Reason}");
            if (part.Kind != "context")
            {
                text.Append('\n');
                continue;
            }

            text.Append($" (score {part.Score:0.###})\n");
            foreach (var line in part.Text.Split('\n')) text.Append($"    | {line}\n");
        }

        return text.ToString();
    }
}
