using System.Text;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>Whatever a client sends, the server lives on, and each request that can be read is answered once.</summary>
public sealed class MalformedInputTests
{
    private const int Inputs = 10_000;
    private const int InputsPerServer = 2_000;

    private static readonly string[] s_documents = ["file:///a.py", "file:///b.py", "file:///never.py", "", "\\ud800", "untitled:1"];

    private static readonly string[] s_values =
    [
        "null", "true", "-1", "0", "1", "1.5", "2147483647", "2147483648", "99999999999999999999", "1e400", "\"\"", "\"a\"", "\"\\ud83d\\ude42\"",
        "\"\\ud800\"", "[]", "{}", "[[[[[]]]]]", "{\"line\":0}", "{\"uri\":\"file:///a.py\"}", "{\"text\":\"x\"}", "[null]", "\"infill.accepted\"", "[\"a\"]",
        "\"infill.model.list\"", "\"infill.model.pull\"", "\"infill.model.use\"",
        "{\"infill\":{\"maxTokens\":-5,\"mode\":3}}", "{\"infill\":{\"model\":\"/etc/passwd\"}}",
    ];

    /// <summary>Neither ends the session: shutdown and exit are tried elsewhere.</summary>
    private static readonly string[] s_methods =
    [
        "textDocument/inlineCompletion", "textDocument/completion", "workspace/executeCommand", "initialize", "textDocument/didOpen",
        "textDocument/didChange", "textDocument/didClose", "textDocument/didSave", "workspace/didChangeConfiguration",
        "workspace/didChangeWorkspaceFolders", "$/cancelRequest", "$/setTrace", "$/progress", "initialized", "window/workDoneProgress/cancel",
        "textDocument/hover", "", "\\u0000", "notebookDocument/didOpen", "notebookDocument/didChange", "notebookDocument/didSave",
        "notebookDocument/didClose",
    ];

    private static readonly string[] s_badFrames =
    [
        "Content-Length: -5\r\n\r\n", "Content-Length: x\r\n\r\n", "Content-Length: 99999999999\r\n\r\n", "Content-Type: utf-8\r\n\r\n", "\r\n\r\n",
        ":\r\n", "{", "Content-Length 5\r\n\r\n", "X-Header: 1\r\n\r\n", "\r", "\n", "Content-Length: 0\r\n\r\n",
    ];

    [Fact]
    public async Task Ten_thousand_malformed_inputs_leave_a_server_that_answers()
    {
        var seed = Environment.TickCount;
        for (var from = 0; from < Inputs; from += InputsPerServer) await RunAsync(seed + from);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task Seeds_that_are_always_tried(int seed) => RunAsync(seed, inputs: 300);

    private static async Task RunAsync(int seed, int inputs = InputsPerServer)
    {
        var random = new Random(seed);
        await using var editor = await TestEditor.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("hello") });
        List<string> expected = [];
        for (var i = 0; i < inputs; i++)
        {
            var id = random.Next(2) == 0 ? $"{1_000_000 + i}" : $"\"id{i}\"";
            switch (random.Next(10))
            {
                case 0:
                    await editor.SendBytesAsync(Encoding.UTF8.GetBytes(s_badFrames[random.Next(s_badFrames.Length)]));
                    break;
                case 1:
                    var cut = Message(random, random.Next(2) == 0 ? $"{3_000_000 + i}" : null);
                    await editor.SendAsync(cut[..random.Next(cut.Length)]);
                    break;
                case 2:
                    await editor.SendAsync(Replaced(Message(random, null), random));
                    break;
                case 3:
                    await editor.SendAsync($$"""{"jsonrpc":"2.0","id":{{i}},"result":{{Value(random)}}}""");
                    break;
                case < 7:
                    await editor.SendAsync(Message(random, null));
                    break;
                default:
                    expected.Add(id);
                    await editor.SendAsync(Message(random, id));
                    if (random.Next(5) == 0) await editor.CancelAsync(expected[random.Next(expected.Count)]);
                    break;
            }
        }

        await editor.OpenAsync("a = ", "file:///end.py");
        var last = await editor.InlineAsync(0, 4, isInvoked: true, uri: "file:///end.py"); // by hand: the settings may be off by now
        Assert.True(last.ErrorCode() == 0, $"Seed {seed}: {last}");
        Assert.True(last.Texts() is ["hello"], $"Seed {seed}: {last}");
        foreach (var id in expected) await editor.Expect(id);
        var answers = editor.Answers;
        foreach (var id in expected) Assert.True(answers[id] == 1, $"Seed {seed}: {id} was answered {answers[id]} times.");
    }

    /// <summary>A message that is JSON and nearly right, with values that often are not.</summary>
    private static string Message(Random random, string? id)
    {
        var method = s_methods[random.Next(s_methods.Length)];
        return $$"""{"jsonrpc":"2.0",{{(id is null ? "" : $"\"id\":{id},")}}"method":"{{method}}","params":{{(random.Next(8) == 0 ? Value(random) : Params(random, method))}}}""";
    }

    private static string Params(Random random, string method) => method switch
    {
        "textDocument/didOpen" => $$"""{"textDocument":{"uri":{{Uri(random)}},"languageId":"python","version":{{Number(random)}},"text":{{Text(random)}} } }""",
        "textDocument/didChange" => $$"""{"textDocument":{"uri":{{Uri(random)}},"version":{{Number(random)}}},"contentChanges":{{Changes(random)}}}""",
        "notebookDocument/didOpen" => $$"""{"notebookDocument":{"uri":{{Uri(random)}},"notebookType":"n","version":{{Number(random)}},"cells":{{Cells(random)}}},"cellTextDocuments":{{CellTexts(random)}}}""",
        "notebookDocument/didChange" => $$"""{"notebookDocument":{"uri":{{Uri(random)}},"version":{{Number(random)}}},"change":{"cells":{{CellChanges(random)}} } }""",
        "notebookDocument/didSave" or "notebookDocument/didClose" => $$"""{"notebookDocument":{"uri":{{Uri(random)}}},"cellTextDocuments":[]}""",
        "$/cancelRequest" => $$"""{"id":{{Value(random)}}}""",
        "workspace/didChangeConfiguration" => $$"""{"settings":{{Value(random)}}}""",
        "workspace/didChangeWorkspaceFolders" => $$"""{"event":{"added":[{"uri":{{Uri(random)}},"name":"n"}],"removed":{{Value(random)}} } }""",
        "workspace/executeCommand" => $$"""{"command":{{Value(random)}},"arguments":{{Value(random)}}}""",
        _ => $$"""
            {"textDocument":{"uri":{{Uri(random)}}},"position":{{Position(random)}},"context":{"triggerKind":{{Number(random)}},
            "selectedCompletionInfo":{{(random.Next(2) == 0 ? "null" : $$"""{"range":{{Range(random)}},"text":{{Text(random)}}}""")}}},"partialResultToken":{{Value(random)}}}
            """,
    };

    /// <summary>Named as documents are: cells of several notebooks, and documents too.</summary>
    private static string Cells(Random random) => random.Next(8) == 0
        ? Value(random)
        : $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => $$"""{"kind":{{Number(random)}},"document":{{Uri(random)}}}"""))}]";

    private static string CellTexts(Random random) => random.Next(8) == 0
        ? Value(random)
        : $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => $$"""{"uri":{{Uri(random)}},"languageId":"{{(random.Next(2) == 0 ? "python" : "markdown")}}","version":{{Number(random)}},"text":{{Text(random)}}}"""))}]";

    private static string CellChanges(Random random)
    {
        var structure = $$"""{"array":{"start":{{Number(random)}},"deleteCount":{{Number(random)}},"cells":{{Cells(random)}}},"didOpen":{{CellTexts(random)}},"didClose":[{"uri":{{Uri(random)}}}]}""";
        var content = $$"""[{"document":{"uri":{{Uri(random)}},"version":{{Number(random)}}},"changes":{{Changes(random)}}}]""";
        return random.Next(8) == 0 ? Value(random) : $$"""{"structure":{{(random.Next(2) == 0 ? "null" : structure)}},"textContent":{{(random.Next(2) == 0 ? "null" : content)}}}""";
    }

    private static string Changes(Random random) => random.Next(6) == 0
        ? Value(random)
        : $$"""[{{string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
            random.Next(4) == 0 ? $$"""{"text":{{Text(random)}}}""" : $$"""{"range":{{Range(random)}},"text":{{Text(random)}}}"""))}}]""";

    private static string Range(Random random) => random.Next(8) == 0 ? Value(random) : $$"""{"start":{{Position(random)}},"end":{{Position(random)}}}""";

    private static string Position(Random random) => random.Next(10) == 0 ? Value(random) : $$"""{"line":{{Number(random)}},"character":{{Number(random)}}}""";

    private static string Uri(Random random) => random.Next(10) == 0 ? Value(random) : $"\"{s_documents[random.Next(s_documents.Length)]}\"";

    private static string Text(Random random) => random.Next(4) switch
    {
        0 => Value(random),
        1 => $"\"{string.Concat(Enumerable.Repeat("line\\r\\n", random.Next(50)))}\"",
        2 => "\"\\ud83d\\ude42 = \"",
        _ => "\"a\\nb\"",
    };

    private static string Number(Random random) => random.Next(10) == 0 ? Value(random) : $"{random.Next(4)}";

    private static string Value(Random random) => s_values[random.Next(s_values.Length)];

    /// <summary>One of the message's values becomes something else.</summary>
    private static string Replaced(string body, Random random)
    {
        var colons = Enumerable.Range(0, body.Length).Where(i => body[i] == ':').ToArray();
        var start = colons[random.Next(colons.Length)] + 1;
        var end = body.IndexOfAny([',', '}'], start);
        return end < 0 ? body : body[..start] + Value(random) + body[end..];
    }
}
