using Infill.Server.Settings;
using Infill.Tests.Engine.Remote;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>Everything that a server can do wrong, as the editor sees it: a part of the text or none, a line in its log, and no dialog.</summary>
public sealed class EndpointFaultTests
{
    private static readonly Dictionary<string, Func<ScriptedExchange, Task>> s_faults = new(StringComparer.Ordinal)
    {
        ["429"] = static exchange => exchange.StatusAsync(429),
        ["500"] = static exchange => exchange.StatusAsync(500),
        ["reset"] = static exchange => exchange.ResetAsync(),
        ["reset in the middle"] = static exchange => BegunAsync(exchange, exchange.ResetAsync),
        ["invalid JSON"] = static exchange => BegunAsync(exchange, () => exchange.EventAsync("{\"content\":")),
        ["half an event"] = static exchange => BegunAsync(exchange, () => exchange.PieceAsync("data: {\"content\":\"ha")),
        ["10 MB of garbage"] = static exchange => BegunAsync(exchange, async () =>
        {
            for (var piece = 0; piece < 160; piece++) await exchange.PieceAsync(new string('x', 64 << 10));
        }),
        ["silence"] = static exchange => exchange.ClosedAsync(),
        ["silence in the middle"] = static exchange => BegunAsync(exchange, exchange.ClosedAsync),
    };

    public static TheoryData<string> Faults => [.. s_faults.Keys];

    [Theory, MemberData(nameof(Faults))]
    public async Task The_editor_gets_what_there_is_a_line_in_its_log_and_the_next_suggestion(string fault)
    {
        using var server = new ScriptedServer().AsLlama(s_faults[fault]);
        var time = new ManualTime();
        await using var editor = await StartAsync(server.Url, fault.StartsWith("silence", StringComparison.Ordinal) ? time : TimeProvider.System);
        await editor.OpenAsync("");

        var asking = editor.InlineAsync(0, 0);
        if (fault.StartsWith("silence", StringComparison.Ordinal))
        {
            await Wait.UntilAsync(() => Task.FromResult(server.Completions > 0));
            await Wait.UntilAsync(() =>
            {
                time.Advance(TimeSpan.FromSeconds(1)); // up to the deadline
                return Task.FromResult(asking.IsCompleted);
            });
        }

        Assert.All((await asking).Texts(), static text => Assert.Equal("whole", text));
        Assert.Empty(editor.Received("window/showMessage"));

        server.AsLlama(static exchange => exchange.AnswerAsync("again"));
        Assert.Equal("again", Assert.Single((await editor.InlineAsync(0, 0)).Texts()));
    }

    [Fact]
    public async Task Where_nobody_listens_there_is_no_suggestion_until_somebody_does()
    {
        var server = new ScriptedServer();
        server.Dispose(); // before the first connection: in the middle of one it would be reset, not refused
        await using var editor = await StartAsync(server.Url, TimeProvider.System);
        await editor.OpenAsync("");

        Assert.Empty((await editor.InlineAsync(0, 0)).Items());
        Assert.Contains(editor.Warnings(), static warning => warning.Contains("nothing listens there", StringComparison.Ordinal));
        Assert.Empty(editor.Received("window/showMessage"));

        using var again = new ScriptedServer(server.Url.Port).AsLlama(static exchange => exchange.AnswerAsync("again"));
        Assert.Equal("again", Assert.Single((await editor.InlineAsync(0, 0)).Texts()));
    }

    /// <summary>One token, and then what goes wrong.</summary>
    private static async Task BegunAsync(ScriptedExchange exchange, Func<Task> fault)
    {
        await exchange.BeginEventsAsync();
        await exchange.TextAsync("whole");
        await fault();
        await exchange.EndAsync();
    }

    private static Task<TestEditor> StartAsync(Uri server, TimeProvider time) => TestEditor.StartAsync(
        static () => throw new InvalidOperationException("The local model was loaded."),
        options: new EditorOptions { Time = time, OwnLayers = [new SettingsLayer { Endpoints = [server.ToString()] }] });
}
