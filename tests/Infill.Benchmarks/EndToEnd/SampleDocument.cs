using System.Text;

namespace Infill.Benchmarks.EndToEnd;

/// <summary>Source text to type into: real code of this project, so that every machine has the same.</summary>
internal static class SampleDocument
{
    /// <summary>A document of exactly <paramref name="lines"/> lines; different numbers give different text.</summary>
    public static string Make(int lines, int number)
    {
        var text = new StringBuilder();
        for (var line = 0; line < lines; line++)
        {
            var member = (line / 6) + (number * 1000);
            text.Append((line % 6) switch
            {
                0 => $"    /// <summary>Computes the {Word(member)} of the {Word(member + 3)}.</summary>\n",
                1 => $"    public int {Word(member)}{Word(member + 1)}(int {Word(member + 2).ToLowerInvariant()}, string name)\n",
                2 => "    {\n",
                3 => $"        var total = {Word(member + 2).ToLowerInvariant()} * {member % 17} + name.Length;\n",
                4 => "        return total;\n",
                _ => "    }\n",
            });
        }

        return text.ToString();
    }

    private static string Word(int number) => Words[((number * 7919) & 0x7fffffff) % Words.Length];

    private static readonly string[] Words =
        ["Buffer", "Token", "Window", "Cursor", "Batch", "Prompt", "Cache", "Stream", "Reader", "Vector", "Matrix", "Index", "Offset", "Range", "Parser", "Symbol", "Logger"];
}
