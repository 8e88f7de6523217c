using System.Text.Json;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Completion.Shaping;
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

    /// <summary>How a notebook is called in a prompt: as the script that it is there, where its language's ending is known.</summary>
    /// <param name="text">The notebook in one language.</param>
    /// <param name="folders">Roots, longest first.</param>
    public static string ToPromptPath(NotebookText text, IReadOnlyList<string> folders)
    {
        var path = ToPromptPath(text.Notebook, folders);
        return CodeLanguage.EndingOf(text.LanguageId) is { } ending ? Path.ChangeExtension(path, ending) : path;
    }

    /// <summary>A notebook's change as its store takes it.</summary>
    public static NotebookChange ToNotebook(NotebookDocumentChangeEvent change) => new()
    {
        Splice = change.Cells?.Structure?.Array is { } array ? new CellSplice(array.Start, array.DeleteCount, ToUris(array.Cells)) : null,
        Opened = ToDocuments(change.Cells?.Structure?.DidOpen),
        Closed = [.. change.Cells?.Structure?.DidClose?.Select(static cell => cell.Uri) ?? []],
        Edits = [.. change.Cells?.TextContent?.Select(static edit => new CellEdit(edit.Document.Uri, edit.Document.Version, ToText(edit.Changes))) ?? []],
    };

    /// <summary>The URIs of cells, in order.</summary>
    public static IReadOnlyList<string> ToUris(IReadOnlyList<NotebookCell>? cells) => [.. cells?.Select(static cell => cell.Document) ?? []];

    public static IReadOnlyList<DocumentSnapshot> ToDocuments(IReadOnlyList<TextDocumentItem>? items) =>
        [.. items?.Select(static item => new DocumentSnapshot(item.Uri, item.LanguageId, item.Version, SourceText.From(item.Text))) ?? []];

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

    /// <summary>The URI of a document in parameters that can't be read; null where even that can't be found.</summary>
    /// <param name="parameters">As JSON, perhaps.</param>
    /// <param name="member">Of the parameters: what the document is called there.</param>
    public static string? FindUri(ReadOnlySpan<byte> parameters, string member)
    {
        try
        {
            var reader = new Utf8JsonReader(parameters);
            return JsonElement.TryParseValue(ref reader, out var element) && element is { ValueKind: JsonValueKind.Object } root &&
                root.TryGetProperty(member, out var document) && document.ValueKind == JsonValueKind.Object &&
                document.TryGetProperty("uri", out var uri) && uri.ValueKind == JsonValueKind.String
                    ? uri.GetString()
                    : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The full path of a file; null for what is none on this machine.</summary>
    public static string? ToFile(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed is { IsFile: true, IsUnc: false } ? Path.TrimEndingDirectorySeparator(parsed.LocalPath) : null;

    /// <summary>The command that a client runs when the item was accepted; its argument is the completion's id.</summary>
    public static Command AcceptedCommand(string id) =>
        new("Accepted", CommandNames.Accepted, [JsonSerializer.SerializeToElement(id, ProtocolJsonContext.Default.String)]);

    /// <summary>A command's first argument, where it is a text: a completion's id, or a model's name.</summary>
    public static string? ToFirstText(IReadOnlyList<JsonElement>? arguments) =>
        arguments is [{ ValueKind: JsonValueKind.String } id, ..] ? id.GetString() : null;
}

/// <summary>Commands that a client may execute.</summary>
internal static class CommandNames
{
    public const string Accepted = "infill.accepted";

    // Not named as the commands of our own extension are, which VS Code has in the same list.
    public const string ListModels = "infill.model.list";
    public const string PullModel = "infill.model.pull";
    public const string UseModel = "infill.model.use";

    /// <summary>Gives the address of the engine's live page, for the user's browser.</summary>
    public const string OpenPage = "infill.page.open";

    /// <summary>Ends the engine's process that editors share; theirs start another. Without one there is nothing to do.</summary>
    public const string RestartEngine = "infill.engine.restart";

    public static IReadOnlyList<string> All { get; } = [Accepted, ListModels, PullModel, UseModel, OpenPage, RestartEngine];
}
