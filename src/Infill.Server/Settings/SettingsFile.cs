using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Infill.Models;

namespace Infill.Server.Settings;

/// <summary>Changes one setting of the user's file, and leaves the rest as it stands: comments, order and spaces too.</summary>
internal static class SettingsFile
{
    private static readonly JsonReaderOptions s_lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Writes the setting <c>model</c>, in one step: whoever reads meanwhile sees the file before or after.</summary>
    /// <param name="file">Made where it is missing. Where it is a link, what that points to is changed.</param>
    /// <param name="model">A GGUF file's path; null takes the setting out.</param>
    /// <exception cref="ModelException">The file can't be read, understood or written.</exception>
    public static void SetModel(string file, string? model)
    {
        try
        {
            if (new FileInfo(file).LinkTarget is not null) file = File.ResolveLinkTarget(file, returnFinalTarget: true)!.FullName;
            var exists = File.Exists(file);
            var after = With(exists ? File.ReadAllText(file) : "{}\n", "model", model);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var aside = $"{file}.{Environment.ProcessId}.new";
            File.WriteAllText(aside, after);
            if (exists && !OperatingSystem.IsWindows()) File.SetUnixFileMode(aside, File.GetUnixFileMode(file));
            File.Move(aside, file, overwrite: true);
        }
        catch (JsonException e)
        {
            throw new ModelException($"The settings file '{file}' is no JSON object, and is left as it is. Correct it, then try again. {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"The settings file '{file}' can't be changed: {e.Message}", e);
        }
    }

    /// <summary>The text of a settings file with one setting changed.</summary>
    /// <param name="text">A JSON object, comments and trailing commas allowed.</param>
    /// <param name="name">Of the setting.</param>
    /// <param name="value">Null takes it out.</param>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    internal static string With(string text, string name, string? value)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        var (open, before, start, end) = Find(utf8, name);
        var json = value is null ? "" : $"\"{name}\": \"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value)}\"";
        if (start >= 0 && value is not null) return Replace(utf8, start, end, json);
        if (start >= 0) return Without(utf8, before, start, end);
        if (value is null) return text;
        var isEmpty = before < 0;
        return Replace(utf8, open, open, isEmpty ? $"\n  {json}\n" : $"\n  {json},");
    }

    /// <returns>Offsets: behind the opening brace, behind what comes before the setting, the setting's begin and end (-1 where it is missing; then the second is -1 in an empty object).</returns>
    private static (int Open, int Before, int Start, int End) Find(byte[] utf8, string name)
    {
        var reader = new Utf8JsonReader(utf8, s_lenient);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("It has no object.");
        var open = (int)reader.BytesConsumed;
        var (before, start, end) = (-1, -1, -1);
        var last = open;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            if (isIt) (before, start) = (last, (int)reader.TokenStartIndex); // of two, the last one counts
            reader.Skip();
            last = (int)reader.BytesConsumed;
            if (isIt) end = last;
        }

        while (reader.Read())
        {
            // What stands behind the object must be nothing: the reader throws otherwise.
        }

        return (open, start >= 0 ? before : last == open ? -1 : last, start, end);
    }

    private static string Without(byte[] utf8, int before, int start, int end)
    {
        var comma = end;
        while (comma < utf8.Length && char.IsWhiteSpace((char)utf8[comma])) comma++;
        if (comma < utf8.Length && utf8[comma] == ',') return Replace(utf8, WithoutSpace(utf8, before, start), comma + 1, "");

        // It was the last: the comma before it goes with it.
        comma = before;
        while (comma < start && char.IsWhiteSpace((char)utf8[comma])) comma++;
        return utf8[comma] == ',' && IsBlank(utf8.AsSpan(comma + 1, start - comma - 1))
            ? Replace(utf8, comma, end, "")
            : Replace(utf8, WithoutSpace(utf8, before, start), end, "");
    }

    private static int WithoutSpace(byte[] utf8, int least, int at)
    {
        while (at > least && char.IsWhiteSpace((char)utf8[at - 1])) at--;
        return at;
    }

    private static bool IsBlank(ReadOnlySpan<byte> bytes) => bytes.Trim(" \t\r\n"u8).IsEmpty;

    private static string Replace(byte[] utf8, int start, int end, string text) =>
        Encoding.UTF8.GetString(utf8, 0, start) + text + Encoding.UTF8.GetString(utf8, end, utf8.Length - end);
}
