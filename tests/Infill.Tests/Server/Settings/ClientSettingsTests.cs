using System.Text.Json;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Settings;

/// <summary>Settings as they reach a running server. The model never ends by itself: maxTokens letters come.</summary>
public sealed class ClientSettingsTests
{
    private const string Initial = """{"capabilities":{},"initializationOptions":{"infill":{"maxTokens":30}}}""";
    private const string Asks = """{"capabilities":{"workspace":{"configuration":true}},"initializationOptions":{"infill":{"maxTokens":30}}}""";

    [Fact]
    public async Task Initialization_options_are_stronger_than_the_user_s_own()
    {
        await using var editor = await StartAsync(Initial, Own(20));

        Assert.Equal(30, await LettersAsync(editor));
    }

    [Fact]
    public async Task The_workspace_s_configuration_is_stronger_than_initialization_options()
    {
        await using var editor = await StartAsync(Asks, Own(20) with { OnRequest = static (_, _) => """[{"maxTokens":40}]""" });
        await editor.ReceiveAsync("workspace/configuration");
        await editor.BarrierAsync();

        await ComesToLettersAsync(editor, 40);
    }

    [Fact]
    public async Task The_command_line_is_stronger_than_all()
    {
        await using var editor = await StartAsync(
            Asks, Own(20) with { OnRequest = static (_, _) => """[{"maxTokens":40}]""", CommandLine = new SettingsLayer { MaxTokens = 50 } });
        await editor.ReceiveAsync("workspace/configuration");
        await editor.BarrierAsync();

        Assert.Equal(50, await LettersAsync(editor));
    }

    [Fact]
    public async Task A_client_that_sends_its_settings_changes_them_live()
    {
        await using var editor = await StartAsync(Initial);

        await editor.NotifyAsync("workspace/didChangeConfiguration", """{"settings":{"infill":{"maxTokens":60}}}""");

        Assert.Equal(60, await LettersAsync(editor));
    }

    [Fact]
    public async Task A_client_that_is_asked_for_its_settings_changes_them_live()
    {
        var maxTokens = 40;
        await using var editor = await StartAsync(Asks, new EditorOptions { OnRequest = (_, _) => $$"""[{"maxTokens":{{maxTokens}}}]""" });
        await editor.ReceiveAsync("workspace/configuration");
        await editor.BarrierAsync();
        maxTokens = 60;

        await editor.NotifyAsync("workspace/didChangeConfiguration", """{"settings":null}""");

        await ComesToLettersAsync(editor, 60);
    }

    [Fact]
    public async Task Nothing_is_suggested_before_a_client_that_is_asked_for_its_settings_has_told_them()
    {
        await using var editor = await StartAsync(Asks, new EditorOptions { OnRequest = static (_, _) => null }); // answered below
        await editor.OpenAsync("");
        var early = await editor.BeginInlineAsync(0, 0);

        await editor.ReplyAsync("workspace/configuration", """[{"maxTokens":40}]""");

        Assert.Equal(40, Assert.Single((await early.Answer).Texts()).Length);
    }

    [Fact]
    public async Task A_client_that_never_tells_its_settings_is_served_after_a_second()
    {
        var time = new ManualTime();
        await using var editor = await StartAsync(Asks, new EditorOptions { Time = time, OnRequest = static (_, _) => null });
        await editor.OpenAsync("");
        var request = await editor.BeginInlineAsync(0, 0);
        await editor.ReceiveAsync("workspace/configuration");

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(30, Assert.Single((await request.Answer).Texts()).Length);
    }

    [Fact]
    public async Task A_client_that_can_is_asked_to_tell_of_changes()
    {
        await using var editor = await StartAsync("""{"capabilities":{"workspace":{"didChangeConfiguration":{"dynamicRegistration":true}}}}""");

        var registration = (await editor.ReceiveAsync("client/registerCapability")).GetProperty("registrations")[0];

        Assert.Equal("workspace/didChangeConfiguration", registration.GetProperty("method").GetString());
        Assert.Equal("infill", registration.GetProperty("registerOptions").GetProperty("section").GetString());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("[7]")]
    [InlineData("{}")]
    public async Task A_client_that_answers_nonsense_about_its_settings_is_served_all_the_same(string answer)
    {
        await using var editor = await StartAsync(Asks, new EditorOptions { OnRequest = (_, _) => answer });
        await editor.ReceiveAsync("workspace/configuration");
        await editor.BarrierAsync();

        Assert.Equal(30, await LettersAsync(editor));
    }

    [Fact]
    public async Task A_request_keeps_the_settings_of_its_turn()
    {
        var loading = new Gate();
        await using var editor = await TestEditor.StartAsync(
            () =>
            {
                loading.Pass();
                return new ScriptedWeights(new ScriptedModel());
            },
            Initial);
        await editor.OpenAsync("");
        var request = await editor.BeginInlineAsync(0, 0);

        await editor.NotifyAsync("workspace/didChangeConfiguration", """{"settings":{"infill":{"maxTokens":60}}}""");

        loading.Open();
        Assert.Equal(30, Assert.Single((await request.Answer).Texts()).Length);
    }

    [Fact]
    public async Task A_value_out_of_bounds_is_told_once_and_has_no_effect()
    {
        await using var editor = await StartAsync(Initial);

        await editor.NotifyAsync("workspace/didChangeConfiguration", """{"settings":{"infill":{"maxTokens":6000}}}""");
        await editor.NotifyAsync("workspace/didChangeConfiguration", """{"settings":{"infill":{"maxTokens":6000}}}""");

        Assert.Equal(30, await LettersAsync(editor));
        Assert.Equal("The setting infill.maxTokens is 6000; it must be between 1 and 1024.", Assert.Single(editor.Warnings()));
    }

    [Fact]
    public async Task The_machine_s_settings_are_not_taken_from_a_client()
    {
        await using var editor = await StartAsync("""{"capabilities":{},"initializationOptions":{"infill":{"model":"/tmp/evil.gguf","maxTokens":30}}}""");

        Assert.Equal(30, await LettersAsync(editor));
        Assert.Contains("model", Assert.Single(editor.Warnings()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Switched_off_typing_gets_nothing_but_asking_by_hand_does()
    {
        await using var editor = await StartAsync("""{"capabilities":{},"initializationOptions":{"infill":{"enabled":false}}}""");
        await editor.OpenAsync("");

        var automatic = await editor.InlineAsync(0, 0);
        var invoked = await editor.InlineAsync(0, 0, isInvoked: true);

        Assert.Empty(automatic.Items());
        Assert.Single(invoked.Items());
    }

    [Theory]
    [InlineData("""{"infill":{"multiline":"\ud800"}}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""[1]""")]
    [InlineData("""{"infill":{"maxTokens":"many"}}""")]
    public async Task Unusable_initialization_options_do_not_keep_the_server_from_starting(string options)
    {
        await using var editor = new TestEditor(static () => new ScriptedWeights(new ScriptedModel()));

        var answer = await editor.AskAsync("initialize", $$"""{"capabilities":{},"initializationOptions":{{options}}}""");

        Assert.Equal(JsonValueKind.Object, answer.GetProperty("result").ValueKind);
    }

    private static EditorOptions Own(int maxTokens) => new() { OwnLayers = [new SettingsLayer { MaxTokens = 10 }, new SettingsLayer { MaxTokens = maxTokens }] };

    private static Task<TestEditor> StartAsync(string initialization, EditorOptions? options = null) =>
        TestEditor.StartAsync(new ScriptedModel(), initialization, options);

    /// <summary>The client's answer is taken in beside the messages that follow it: one of the next suggestions has it.</summary>
    private static async Task ComesToLettersAsync(TestEditor editor, int expected)
    {
        using var patience = new CancellationTokenSource(Patience.Limit);
        while (await LettersAsync(editor) != expected) patience.Token.ThrowIfCancellationRequested();
    }

    private static async Task<int> LettersAsync(TestEditor editor)
    {
        await editor.OpenAsync("");
        return Assert.Single((await editor.InlineAsync(0, 0)).Texts()).Length;
    }
}
