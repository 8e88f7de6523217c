using System.Diagnostics;
using System.Reflection;

namespace Infill.Evaluation;

/// <summary>The packages that were held out of the seed model's training, in a cache folder of the user's. Never in the repository.</summary>
internal static class HeldOut
{
    /// <summary><c>~/.cache/infill/evaluation</c>, or where <c>XDG_CACHE_HOME</c> says.</summary>
    public static string Folder
    {
        get
        {
            var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(home)) home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(home, "infill", "evaluation");
        }
    }

    /// <summary>Fetches what isn't there yet.</summary>
    /// <returns>The folder.</returns>
    /// <exception cref="IOException">A package could not be had.</exception>
    public static async Task<string> FetchAsync(CancellationToken cancellationToken)
    {
        var project = typeof(HeldOut).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(static entry => entry.Key == "ProjectFolder").Value!;
        using var script = Process.Start("bash", [Path.Combine(project, "held-out.sh"), Folder]);
        await script.WaitForExitAsync(cancellationToken);
        return script.ExitCode == 0 ? Folder : throw new IOException($"The held-out packages could not be fetched into '{Folder}'; name folders of your own instead of --held-out.");
    }
}
