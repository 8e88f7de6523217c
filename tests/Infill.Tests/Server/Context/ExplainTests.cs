using System.Text;
using System.Text.Json;
using Infill.Protocol.JsonRpc;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Context;

/// <summary>infill/explain: which bytes of which files are in a prompt, and why.</summary>
public sealed class ExplainTests
{
    private const string Money = "# Ä\r\n\r\nclass Money:\r\n    def convert(self, rate):\r\n        return Money(self.cents * rate)\r\n";
    // Workspaces are read from the disk in the background: this one is on none.
    private const string Main = "file:///no-such-folder/src/main.py";

    [Fact]
    public async Task Every_part_names_its_bytes_and_they_are_those_of_the_file()
    {
        await using var editor = await StartAsync();
        const string main = "# ö\nprice = Money(5)\nprice.\nend\n";
        await editor.OpenAsync(Money, "file:///no-such-folder/src/money.py");
        await editor.OpenAsync(main, Main);
        await editor.BarrierAsync();
        await editor.Context.Index.Settled.WaitAsync(TestEditor.Limit);

        var parts = (await ExplainAsync(editor, 2, 6)).GetProperty("result").GetProperty("parts").EnumerateArray().ToList();

        Assert.Equal(["context", "prefix", "suffix"], parts.Select(static part => part.GetProperty("kind").GetString()));
        Assert.Equal(["src/money.py", "src/main.py", "src/main.py"], parts.Select(static part => part.GetProperty("path").GetString()));
        Assert.All(parts, part => Assert.Equal(part.GetProperty("text").GetString(), Bytes(part.GetProperty("path").GetString() == "src/money.py" ? Money : main, part).ReplaceLineEndings("\n")));
        Assert.Equal("# ö\nprice = Money(5)\nprice.", parts[1].GetProperty("text").GetString());
        Assert.Equal("\nend\n", parts[2].GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_chunk_of_another_file_says_why_it_is_there_and_what_it_costs()
    {
        await using var editor = await StartAsync();
        await editor.OpenAsync(Money, "file:///no-such-folder/src/money.py");
        await editor.OpenAsync("price = Money(5)\nprice.", Main);
        await editor.BarrierAsync();
        await editor.Context.Index.Settled.WaitAsync(TestEditor.Limit);

        var result = (await ExplainAsync(editor, 1, 6)).GetProperty("result");
        var chunk = result.GetProperty("parts")[0];

        Assert.Equal("defines Money", chunk.GetProperty("reason").GetString());
        Assert.Equal((0, 5), (chunk.GetProperty("startLine").GetInt32(), chunk.GetProperty("endLine").GetInt32()));
        Assert.True(chunk.GetProperty("score").GetDouble() > 0);
        Assert.Equal("qwen", result.GetProperty("template").GetString());
        var parts = result.GetProperty("parts").EnumerateArray().Sum(static part => part.GetProperty("tokens").GetInt32());
        Assert.InRange(result.GetProperty("tokens").GetInt32(), parts, parts + 64); // markers and names besides
    }

    [Fact]
    public async Task Of_a_secret_file_it_says_that_there_is_no_prompt()
    {
        await using var editor = await StartAsync();
        await editor.OpenAsync("A=1\n", "file:///no-such-folder/.env");

        var result = (await ExplainAsync(editor, 0, 0, "file:///no-such-folder/.env")).GetProperty("result");

        Assert.Empty(result.GetProperty("parts").EnumerateArray());
        Assert.StartsWith("No part of this file may enter a prompt", result.GetProperty("refused").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_document_that_is_not_open_it_is_an_error()
    {
        await using var editor = await StartAsync();

        Assert.Equal(RpcErrorCodes.InvalidParams, (await ExplainAsync(editor, 0, 0)).ErrorCode());
    }

    private static string Bytes(string file, JsonElement part) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(file)[part.GetProperty("startByte").GetInt32()..part.GetProperty("endByte").GetInt32()]);

    private static Task<JsonElement> ExplainAsync(TestEditor editor, int line, int character, string uri = Main) => editor.AskAsync(
        "infill/explain", $$"""{"textDocument":{"uri":{{TestEditor.Json(uri)}} },"position":{"line":{{line}},"character":{{character}} } }""");

    private static async Task<TestEditor> StartAsync()
    {
        var options = new EditorOptions { OwnLayers = [new SettingsLayer { ContextTokens = 1000, SequenceTokens = 4096 }] };
        return await TestEditor.StartAsync(new ScriptedModel(contextCells: 8192, contextTokens: 4096), """{"capabilities":{"textDocument":{"inlineCompletion":{} } },"workspaceFolders":[{"uri":"file:///no-such-folder","name":"w"}]}""", options);
    }
}
