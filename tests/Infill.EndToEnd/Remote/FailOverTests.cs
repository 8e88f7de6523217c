using System.Collections.Concurrent;
using Infill.Benchmarks.EndToEnd;

namespace Infill.EndToEnd.Remote;

/// <summary>Two real llama-servers behind the published program; one is killed under its users and comes back.</summary>
public sealed class FailOverTests : IDisposable
{
    private const int Users = 8;
    private static readonly string s_text = SampleCode.Shapes;

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("INFILL_ENDPOINTS", null);
        Environment.SetEnvironmentVariable("INFILL_DEADLINE", null);
    }

    [Fact]
    public async Task One_of_two_servers_is_killed_and_comes_back_and_no_user_sees_an_error()
    {
        using var second = await LlamaServer.StartAsync();
        using var first = await LlamaServer.StartAsync();
        Environment.SetEnvironmentVariable("INFILL_DEADLINE", "20000"); // two servers on the cores of one machine
        Environment.SetEnvironmentVariable("INFILL_ENDPOINTS", $"{first.Url} {second.Url}"); // inherited by the editor's process
        var log = new ConcurrentQueue<string>();
        using var editor = new LspProcess(Places.Server, "lsp") { Logged = log.Enqueue };
        await editor.InitializeAsync(isGrowing: false);
        for (var user = 0; user < Users; user++) editor.Open(Uri(user), s_text);

        for (var user = 0; user < Users; user++) Assert.False(string.IsNullOrEmpty(await AskAsync(editor, user)), string.Join('\n', log));
        var (ofFirst, ofSecond) = (await first.GeneratedAsync(), await second.GeneratedAsync());
        Assert.InRange(ofFirst / (ofFirst + ofSecond), 0.3, 0.7); // half of the documents each

        first.Kill();
        for (var user = 0; user < Users; user++) Assert.False(string.IsNullOrEmpty(await AskAsync(editor, user)), string.Join('\n', log));

        using var again = await LlamaServer.StartAsync(first.Port);
        await Eventually.GetAsync(
            () => Task.FromResult(log.FirstOrDefault(static line => line.Contains("works again", StringComparison.Ordinal))), () => Task.FromResult(string.Join('\n', log)));
        editor.Open(Uri(Users), s_text);
        Assert.False(string.IsNullOrEmpty(await AskAsync(editor, Users)));
        await Eventually.GetAsync(
            async () => await again.GeneratedAsync() > 0 ? again : null, () => Task.FromResult("The new document did not go to the server that has none.")); // it counts when a slot is free again
        Assert.Equal(0, editor.StrayAnswers);
        Assert.DoesNotContain(log, static line => line.Contains("failed", StringComparison.OrdinalIgnoreCase));
    }

    private static string Uri(int user) => $"file:///work/user{user}.py";

    private static async Task<string?> AskAsync(LspProcess editor, int user)
    {
        var arrival = await editor.Complete(Uri(user), line: s_text.Count(static c => c == '\n'), character: 0).Answer.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Null(arrival.Message["error"]);
        return (string?)arrival.Message["result"]?["items"]?.AsArray().FirstOrDefault()?["insertText"];
    }
}
