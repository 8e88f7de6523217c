using System.Text.Json;
using Infill.Engine;
using Infill.Protocol.JsonRpc;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>An editor has its engine's live page opened.</summary>
public sealed class PageCommandTests
{
    private const string Command = """{"command":"infill.page.open"}""";

    [Fact]
    public async Task An_engine_of_the_editor_s_own_has_a_page_that_shows_it()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("1") };
        await using var editor = await TestEditor.StartAsync(model);
        await editor.OpenAsync("x = ");
        var answer = await editor.AskAsync("workspace/executeCommand", Command);
        await editor.InlineAsync(0, 4);

        var report = await PageVisit.ReportAsync(answer.GetProperty("result").GetProperty("url").GetString()!);

        Assert.Equal("ready", report.GetProperty("state").GetString());
        Assert.Equal("editor 1", Assert.Single(report.GetProperty("clients").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal(1, report.GetProperty("recent").GetArrayLength());
    }

    [Fact]
    public async Task Where_endpoints_suggest_there_is_no_engine_to_show()
    {
        await using var editor = await TestEditor.StartAsync(
            static () => throw new EngineException("Nobody needs it."), options: new EditorOptions { CommandLine = new SettingsLayer { Endpoints = ["http://127.0.0.1:9"] } });

        var answer = await editor.AskAsync("workspace/executeCommand", Command);

        Assert.Equal(RpcErrorCodes.RequestFailed, answer.ErrorCode());
        Assert.StartsWith("Suggestions come from http://127.0.0.1:9/, and no engine of this machine has a page to show.", answer.ErrorMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_is_offered_to_every_client()
    {
        await using var editor = new TestEditor(static () => new ScriptedWeights(new ScriptedModel()));

        var offered = (await editor.AskAsync("initialize", """{"capabilities":{}}""")).GetProperty("result").GetProperty("capabilities").GetProperty("executeCommandProvider");

        Assert.Contains("infill.page.open", offered.GetProperty("commands").EnumerateArray().Select(static name => name.GetString()));
    }
}

/// <summary>A browser that follows a link to the live page.</summary>
internal static class PageVisit
{
    /// <summary>The first report that the page would show.</summary>
    public static async Task<JsonElement> ReportAsync(string link)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TestEditor.Limit };
        using var page = await client.GetAsync(new Uri(link));
        Assert.Contains("<title>Infill</title>", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var address = page.RequestMessage!.RequestUri!; // where the link led
        using var reader = new StreamReader(await client.GetStreamAsync(new Uri(address, "/live" + address.Query)));
        return JsonElement.Parse((await reader.ReadLineAsync())!["data: ".Length..]);
    }
}
