using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Infill.EndToEnd.Remote;

/// <summary>A real llama-server with the embedded model, in the chroot that has one.</summary>
internal sealed class LlamaServer : IDisposable
{
    private static readonly TimeSpan ChrootLimit = TimeSpan.FromMinutes(10);
    private static readonly HttpClient s_http = new();
    private readonly Process _process;

    private LlamaServer(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public Uri Url => new($"http://127.0.0.1:{Port}");

    /// <param name="port">0 takes a free one.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="slots">Requests that it works on at once, of 1024 tokens each.</param>
    public static async Task<LlamaServer> StartAsync(int port = 0, int threads = 2, int slots = 4)
    {
        (await Shell.RunAsync(Path.Combine(Places.Terminal, "chroot.sh"), [Places.Chroot], ChrootLimit)).OrThrow("chroot.sh");
        if (port == 0) port = FreePort();
        var process = Process.Start(new ProcessStartInfo(
            Path.Combine(Places.Terminal, "enter.sh"),
            [
                Places.Chroot, Path.Combine(Places.Publish, "models"), Path.GetTempPath(), "llama-server", "--model", "/opt/infill-52m-iq4_nl.gguf", "--host", "127.0.0.1",
                "--port", Number(port), "--threads", Number(threads), "--parallel", Number(slots), "--ctx-size", Number(slots * 1024), "--spm-infill", "--metrics",
            ])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        process.BeginErrorReadLine(); // a full pipe would stop it
        process.BeginOutputReadLine();
        var server = new LlamaServer(process, port);
        try
        {
            return await Eventually.GetAsync(
                async () => await server.IsHealthyAsync() ? server : process.HasExited ? throw new InvalidOperationException($"llama-server ended with {process.ExitCode}.") : null,
                () => Task.FromResult("llama-server did not get ready."));
        }
        catch
        {
            server.Dispose(); // nobody else knows of it
            throw;
        }
    }

    /// <summary>Slots that work on a request.</summary>
    public async Task<int> BusyAsync() =>
        JsonElement.Parse(await s_http.GetStringAsync(new Uri(Url, "slots"))).EnumerateArray().Count(static slot => slot.GetProperty("is_processing").GetBoolean());

    /// <summary>Tokens of the texts that it has brought to an end since it started, by its own count.</summary>
    public Task<double> GeneratedAsync() => CountAsync("llamacpp:tokens_predicted_total");

    /// <summary>Model calls since it started, by its own count: those for requests that were stopped too.</summary>
    public Task<double> StepsAsync() => CountAsync("llamacpp:n_decode_total");

    /// <summary>As a machine that loses its power.</summary>
    public void Kill()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true); // SIGKILL
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private Task<double> CountAsync(string metric) => Prometheus.ReadAsync(s_http, Url, metric);

    private async Task<bool> IsHealthyAsync()
    {
        try
        {
            using var answer = await s_http.GetAsync(new Uri(Url, "health"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
