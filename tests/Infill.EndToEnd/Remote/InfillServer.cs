using System.Diagnostics;

namespace Infill.EndToEnd.Remote;

/// <summary>The published program as <c>infill serve</c> on a free port, with the embedded model.</summary>
internal sealed class InfillServer : IDisposable
{
    private const string Ready = " at http://";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly HttpClient s_http = new();
    private readonly Process _process;
    private readonly string _folder;

    private InfillServer(Process process, string folder, Uri url) => (_process, _folder, Url) = (process, folder, url);

    public Uri Url { get; }

    public int ProcessId => _process.Id;

    /// <param name="variables">Of its environment.</param>
    public static async Task<InfillServer> StartAsync(params (string Name, string Value)[] variables)
    {
        var folder = Directory.CreateTempSubdirectory("infill-serve-").FullName;
        var start = new ProcessStartInfo(Places.Server, ["serve", "--listen", "127.0.0.1:0"])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            Environment = { ["XDG_RUNTIME_DIR"] = folder }, // no editor of this machine finds it
        };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        var process = Process.Start(start)!;
        var said = new List<string>();
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) address.TrySetException(new InvalidOperationException($"infill serve ended.\n{string.Join('\n', said)}"));
            else if (line.Data.IndexOf(Ready, StringComparison.Ordinal) is > 0 and var at) address.TrySetResult(new Uri(line.Data[(at + " at ".Length)..line.Data.IndexOf(';', StringComparison.Ordinal)]));
            else said.Add(line.Data);
        };
        process.BeginErrorReadLine();
        try
        {
            return new InfillServer(process, folder, await address.Task.WaitAsync(s_patience));
        }
        catch
        {
            End(process, folder); // nobody else knows of it
            throw;
        }
    }

    /// <summary>A figure of its own.</summary>
    public Task<double> CountAsync(string metric) => Prometheus.ReadAsync(s_http, Url, metric);

    /// <summary>Requests that it works on.</summary>
    public async Task<int> BusyAsync() => (int)(await CountAsync("llamacpp:requests_processing") + await CountAsync("llamacpp:requests_deferred"));

    public void Dispose() => End(_process, _folder);

    private static void End(Process process, string folder)
    {
        if (!process.HasExited) process.Kill();
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
