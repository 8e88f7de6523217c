using System.Diagnostics;

namespace Infill.Models.Gpu;

/// <summary>Which npm registry is asked: none is known to the program, as its user has one, or a mirror.</summary>
public static class NpmRegistry
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10); // npm's own start takes a second

    /// <param name="given">On the command line; null for nothing.</param>
    /// <param name="variable">The environment.</param>
    /// <param name="configured">What npm is configured with; null where it isn't there.</param>
    /// <returns>Its address, ending with a slash.</returns>
    /// <exception cref="ModelException">Nobody names one, or it is no address of the web.</exception>
    public static async Task<Uri> FindAsync(string? given, Func<string, string?> variable, Func<Task<string?>> configured)
    {
        var address = new[] { given, variable("npm_config_registry"), variable("NPM_CONFIG_REGISTRY") }.FirstOrDefault(static address => !string.IsNullOrWhiteSpace(address)) ?? await configured();
        if (string.IsNullOrWhiteSpace(address))
        {
            throw new ModelException("No npm registry is known. Name one with --registry URL or in npm_config_registry, or install npm; or fetch the package elsewhere with 'npm pack' and give it with --from FILE.");
        }

        return Uri.TryCreate(address.Trim().TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new ModelException("The npm registry's address (--registry, or npm_config_registry) must begin with https:// or http://.");
    }

    /// <summary>Asks npm, which reads the user's and the machine's configuration.</summary>
    /// <returns>Null where npm isn't there, or doesn't answer.</returns>
    public static async Task<string?> ConfiguredAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(s_patience);
            using var npm = Process.Start(new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["config", "get", "registry"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = Path.GetTempPath(), // not a project's configuration
            })!;
            var errors = npm.StandardError.ReadToEndAsync(patience.Token);
            var answer = await npm.StandardOutput.ReadToEndAsync(patience.Token);
            await Task.WhenAll(errors, npm.WaitForExitAsync(patience.Token));
            return npm.ExitCode == 0 ? answer.Trim() : null;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or OperationCanceledException or IOException)
        {
            return null;
        }
    }
}
