using System.Globalization;

namespace Infill.EndToEnd.Remote;

/// <summary>Where the published <c>infill serve</c> can be reached.</summary>
public sealed class ListeningTests
{
    private const string Listening = "0A"; // the kernel's number of that state

    [Fact]
    public async Task Nothing_listens_beyond_loopback()
    {
        using var server = await InfillServer.StartAsync();

        var addresses = Addresses(server.ProcessId);

        Assert.Equal($"0100007F:{server.Url.Port:X4}", Assert.Single(addresses)); // 127.0.0.1, as the kernel writes it
    }

    /// <summary>Where a process's TCP sockets listen, as the kernel writes it.</summary>
    private static List<string> Addresses(int process)
    {
        var sockets = Directory.EnumerateFiles($"/proc/{process}/fd").Select(static file => new FileInfo(file).LinkTarget ?? "").ToHashSet(StringComparer.Ordinal);
        return [.. new[] { "tcp", "tcp6" }
            .SelectMany(kind => File.ReadLines($"/proc/{process}/net/{kind}").Skip(1))
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[3] == Listening && sockets.Contains(string.Create(CultureInfo.InvariantCulture, $"socket:[{fields[9]}]")))
            .Select(static fields => fields[1])];
    }
}
