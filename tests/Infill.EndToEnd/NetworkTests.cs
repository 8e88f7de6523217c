using System.Text.RegularExpressions;

namespace Infill.EndToEnd;

/// <summary>The server is offline: strace sees every socket that it and its children make.</summary>
public sealed partial class NetworkTests : IDisposable
{
    private readonly string _trace = Path.GetTempFileName();

    public void Dispose() => File.Delete(_trace);

    [Fact]
    public async Task A_whole_session_opens_no_network_socket()
    {
        var report = await NodeSessions.RunAsync("session", [.. Strace, Places.Server, "lsp", "--stdio"]);

        var trace = await File.ReadAllTextAsync(_trace);
        Assert.NotEmpty(report.Whole!.Result!.Items); // it did its work
        Assert.Equal(new ExitReport(0, null), report.Exit);
        Assert.Contains($"execve(\"{Places.Server}\"", trace, StringComparison.Ordinal); // and was watched
        Assert.Empty(NetworkCalls().Matches(trace).Select(call => call.Value));
    }

    [Fact]
    public async Task The_watch_sees_a_network_socket_where_there_is_one()
    {
        // Port 9 of this machine: nothing leaves it, and nobody need listen.
        await Shell.RunAsync("strace", [.. Strace[1..], "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9"], TimeSpan.FromSeconds(30));

        Assert.NotEmpty(NetworkCalls().Matches(await File.ReadAllTextAsync(_trace)));
    }

    private string[] Strace => ["strace", "--follow-forks", "--seccomp-bpf", "-e", "trace=execve,socket,connect,bind,sendto", "-o", _trace];

    /// <summary>Any socket of the internet families, raw packets too. Local sockets are no network.</summary>
    [GeneratedRegex(@"^.*\b(?:AF_INET6?|AF_PACKET)\b.*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex NetworkCalls();
}
