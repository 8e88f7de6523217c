using System.Text.Json;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Protocol.Lsp;

namespace Infill.Server;

/// <summary>LSP types ↔ ours, both ways, here only.</summary>
internal static class Conversions
{
    /// <summary>The client lists what it can, best first; silence means UTF-16.</summary>
    public static PositionEncoding PreferredEncoding(IReadOnlyList<string>? offered)
    {
        foreach (var kind in offered ?? [])
        {
            switch (kind)
            {
                case PositionEncodingKind.Utf8:
                    return PositionEncoding.Utf8;
                case PositionEncodingKind.Utf16:
                    return PositionEncoding.Utf16;
                case PositionEncodingKind.Utf32:
                    return PositionEncoding.Utf32;
            }
        }

        return PositionEncoding.Utf16;
    }

    public static string ToKind(PositionEncoding encoding) => encoding switch
    {
        PositionEncoding.Utf8 => PositionEncodingKind.Utf8,
        PositionEncoding.Utf32 => PositionEncodingKind.Utf32,
        _ => PositionEncodingKind.Utf16,
    };

    public static TextPosition ToText(Position position) => new(position.Line, position.Character);

    public static Position ToLsp(TextPosition position) => new(position.Line, position.Character);

    public static TextChange[] ToText(IReadOnlyList<TextDocumentContentChangeEvent> changes)
    {
        var converted = new TextChange[changes.Count];
        for (var i = 0; i < converted.Length; i++)
        {
            TextRange? range = changes[i].Range is { } lsp ? new TextRange(ToText(lsp.Start), ToText(lsp.End)) : null;
            converted[i] = new TextChange(range, changes[i].Text);
        }

        return converted;
    }

    public static ExplainResult ToLsp(PromptExplanation prompt) => new(prompt.Template, prompt.Tokens, [.. prompt.Parts.Select(static part => new ExplainedPart(
        part.Kind switch { PromptPartKind.Context => "context", PromptPartKind.Prefix => "prefix", _ => "suffix" },
        part.Path,
        part.Lines.Start.Value,
        part.Lines.End.Value,
        part.Bytes.Start.Value,
        part.Bytes.End.Value,
        part.Tokens,
        part.Reason,
        part.Score,
        part.Text))]);

    /// <summary>How a document is called in a prompt: relative to its folder, else its file name alone.</summary>
    /// <param name="uri">The document.</param>
    /// <param name="folders">Roots, longest first.</param>
    public static string ToPromptPath(string uri, IReadOnlyList<string> folders)
    {
        foreach (var folder in folders)
        {
            var root = folder.EndsWith('/') ? folder : folder + "/";
            if (uri.StartsWith(root, StringComparison.Ordinal)) return Uri.UnescapeDataString(uri[root.Length..]);
        }

        var slash = uri.LastIndexOf('/');
        return Uri.UnescapeDataString(uri[(slash + 1)..]);
    }

    /// <summary>The name of the document's repository in a prompt: that of its folder; empty where it is in none.</summary>
    /// <param name="uri">The document.</param>
    /// <param name="folders">Roots, longest first.</param>
    public static string ToRepositoryName(string uri, IReadOnlyList<string> folders)
    {
        foreach (var folder in folders)
        {
            var root = folder.TrimEnd('/');
            if (uri.Length > root.Length && uri[root.Length] == '/' && uri.StartsWith(root, StringComparison.Ordinal)) return Uri.UnescapeDataString(root[(root.LastIndexOf('/') + 1)..]);
        }

        return "";
    }

    /// <summary>The full path of a file; null for what is none on this machine.</summary>
    public static string? ToFile(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed is { IsFile: true, IsUnc: false } ? Path.TrimEndingDirectorySeparator(parsed.LocalPath) : null;

    /// <summary>The command that a client runs when the item was accepted; its argument is the completion's id.</summary>
    public static Command AcceptedCommand(string id) =>
        new("Accepted", CommandNames.Accepted, [JsonSerializer.SerializeToElement(id, ProtocolJsonContext.Default.String)]);

    /// <summary>The id in that command's arguments; null where there is none.</summary>
    public static string? ToCompletionId(IReadOnlyList<JsonElement>? arguments) =>
        arguments is [{ ValueKind: JsonValueKind.String } id, ..] ? id.GetString() : null;
}

/// <summary>Commands that a client may execute.</summary>
internal static class CommandNames
{
    public const string Accepted = "infill.accepted";
}
