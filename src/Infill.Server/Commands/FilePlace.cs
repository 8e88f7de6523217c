using System.Globalization;
using System.Text;
using Infill.Completion.Documents;

namespace Infill.Server.Commands;

/// <summary>A place in a file, as <c>PATH:LINE[:COL]</c> names it.</summary>
/// <param name="Name">The file's name in a prompt: as it was given, if that is relative; else without its folders.</param>
/// <param name="Text">What the file holds.</param>
/// <param name="Cursor">The place, as an offset in UTF-16 units.</param>
internal sealed record FilePlace(string Name, SourceText Text, int Cursor)
{
    /// <summary>The file, as it was given.</summary>
    public required string Path { get; init; }

    /// <param name="argument">Lines and columns count from 1; a column counts characters and may be one behind the line's last.</param>
    /// <param name="place">What was found.</param>
    /// <param name="problem">Otherwise: what is wrong, in a sentence.</param>
    public static bool TryRead(string argument, out FilePlace place, out string problem)
    {
        place = null!;
        if (!TrySplit(argument, out var path, out var line, out var column))
        {
            problem = $"'{argument}' names no place; write PATH:LINE or PATH:LINE:COL, counting from 1.";
            return false;
        }

        if (!TryReadText(path, out var content, out problem)) return false;

        var text = SourceText.From(content);
        if (line > text.LineCount)
        {
            problem = $"Line {line} is outside '{path}', which has {text.LineCount} lines.";
            return false;
        }

        var end = text.LineEnd(line - 1) - text.LineStart(line - 1);
        if (column > end + 1)
        {
            problem = $"Column {column} is outside line {line} of '{path}', which has {end} characters.";
            return false;
        }

        var name = System.IO.Path.IsPathRooted(path) || path.StartsWith("..", StringComparison.Ordinal) ? System.IO.Path.GetFileName(path) : path.Replace('\\', '/');
        if (name.StartsWith("./", StringComparison.Ordinal)) name = name[2..];
        place = new FilePlace(name, text, text.LineStart(line - 1) + (column is { } given ? given - 1 : end)) { Path = path };
        return true;
    }

    private static bool TrySplit(string argument, out string path, out int line, out int? column)
    {
        // From the end: a path may hold colons itself.
        column = null;
        if (TryTakeNumber(argument, out var rest, out var last) && TryTakeNumber(rest, out var shorter, out var first))
        {
            (path, line, column) = (shorter, first, last);
        }
        else
        {
            (path, line) = (rest, last);
        }

        return path.Length > 0 && line >= 1 && column is null or >= 1;
    }

    private static bool TryTakeNumber(string text, out string rest, out int number)
    {
        rest = text;
        number = 0;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out number)) return false;
        rest = text[..colon];
        return true;
    }

    private static bool TryReadText(string path, out string content, out string problem)
    {
        content = "";
        problem = "";
        if (Directory.Exists(path))
        {
            problem = $"'{path}' is a folder; name a file.";
            return false;
        }

        if (!File.Exists(path))
        {
            problem = $"The file '{path}' does not exist.";
            return false;
        }

        try
        {
            var bytes = File.ReadAllBytes(path);
            if (bytes.AsSpan().Contains((byte)0)) throw new DecoderFallbackException();
            content = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
            if (content.StartsWith('\uFEFF')) content = content[1..];
            return true;
        }
        catch (DecoderFallbackException)
        {
            problem = $"'{path}' is not a text file in UTF-8.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"'{path}' can't be read: {e.Message}";
        }

        return false;
    }
}
