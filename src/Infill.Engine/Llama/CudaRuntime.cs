using System.Runtime.InteropServices;

namespace Infill.Engine.Llama;

/// <summary>Finds CUDA's own libraries where the system's loader doesn't look: a backend is linked to them, and they come with neither it nor the driver.</summary>
internal static class CudaRuntime
{
    /// <summary>Loads them, if they are somewhere: a library that is in the process is found by its name. What is missing, the backend's own loading will say.</summary>
    /// <param name="major">CUDA's, 12 or 13.</param>
    /// <param name="beside">The backend's folder, where the user may have put them.</param>
    public static void LoadFor(int major, string beside)
    {
        IReadOnlyList<string>? folders = null;
        foreach (var name in new[] { $"libcudart.so.{major}", $"libcublasLt.so.{major}", $"libcublas.so.{major}" }) // each needs those before it
        {
            if (NativeLibrary.TryLoad(name, out _)) continue;
            folders ??= [beside, .. Folders(major)];
            foreach (var folder in folders)
            {
                var path = Path.Combine(folder, name);
                if (File.Exists(path) && NativeLibrary.TryLoad(path, out _)) break;
            }
        }
    }

    /// <summary>Where NVIDIA's installer, distributions, and Python's packages put them.</summary>
    private static IEnumerable<string> Folders(int major)
    {
        foreach (var variable in new[] { "CUDA_PATH", "CUDA_HOME" })
        {
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } home) yield return Path.Combine(home, "lib64");
        }

        foreach (var folder in Below("/usr/local", $"cuda-{major}*").Order(StringComparer.Ordinal).Reverse()) yield return Path.Combine(folder, "lib64");
        yield return "/usr/local/cuda/lib64";
        yield return "/opt/cuda/lib64";
        var profile = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        foreach (var root in new[] { Environment.GetEnvironmentVariable("VIRTUAL_ENV") ?? "", Path.Combine(profile, ".local") })
        {
            if (root.Length == 0) continue;
            foreach (var python in Below(Path.Combine(root, "lib"), "python3*"))
            {
                foreach (var package in Below(Path.Combine(python, "site-packages", "nvidia"), "cu*")) yield return Path.Combine(package, "lib");
            }
        }
    }

    private static string[] Below(string folder, string pattern)
    {
        try
        {
            return Directory.GetDirectories(folder, pattern);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
