namespace Infill.EndToEnd;

/// <summary>Neovim's log of every message to and from the server, and of what the server wrote to stderr.</summary>
internal sealed record LspLog(IReadOnlyList<string> Lines)
{
    public static LspLog Read(string path)
    {
        if (!File.Exists(path)) return new LspLog([]);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return new LspLog(reader.ReadToEnd().Split('\n'));
    }

    /// <summary>Requests for a suggestion that went out.</summary>
    public int Asked => Count("\"rpc.send\"", "method = \"textDocument/inlineCompletion\"");

    /// <summary>Suggestions that were accepted, as the server was told.</summary>
    public int Accepted => Count("\"rpc.send\"", "command = \"infill.accepted\"");

    /// <summary>Parts of suggestions that were accepted, as the server was told.</summary>
    public int PartlyAccepted => Count("\"rpc.send\"", "method = \"textDocument/didPartiallyAcceptCompletion\"");

    /// <summary>Requests that were answered with a suggestion.</summary>
    public int Suggested => Count("\"rpc.receive\"", "result = { items = { {");

    /// <summary>Edits that went out.</summary>
    public int Changes => Count("\"rpc.send\"", "method = \"textDocument/didChange\"");

    /// <summary>Requests that were answered with this error.</summary>
    public int AnsweredWith(int code) => Count("\"rpc.receive\"", $"code = {code}");

    public IEnumerable<string> Errors => Lines.Where(line => line.StartsWith("[ERROR]", StringComparison.Ordinal) || line.StartsWith("[WARN]", StringComparison.Ordinal));

    /// <summary>The end of it, each line's beginning: enough for a reader.</summary>
    public override string ToString() => string.Join('\n', Lines
        .Where(line => !line.StartsWith("[TRACE]", StringComparison.Ordinal))
        .TakeLast(20)
        .Select(line => line.Length > 400 ? line[..400] : line));

    private int Count(string kind, string part) =>
        Lines.Count(line => line.Contains(kind, StringComparison.Ordinal) && line.Contains(part, StringComparison.Ordinal));
}
