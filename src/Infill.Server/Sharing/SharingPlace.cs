using System.Globalization;
using System.Text;
using Infill.Engine;
using Infill.Models;
using Infill.Server.Settings;

namespace Infill.Server.Sharing;

/// <summary>Where the editors of one user find the engine process for one build, model and engine's settings.</summary>
/// <param name="Folder">Ours alone.</param>
/// <param name="Name">The same for all who can share; another build has another, so that versions live side by side.</param>
internal sealed record SharingPlace(string Folder, string Name)
{
    /// <summary>What every system takes: macOS has room for the least.</summary>
    private const int MostSocketBytes = 103;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Socket => Path.Combine(Folder, Name + ".sock");

    /// <summary>Held by the process that serves, from before it listens to its end, however that comes.</summary>
    public string Lock => Path.Combine(Folder, Name + ".lock");

    /// <summary>Held by the process that starts the one that serves: one of many editors whose engine was lost, rather than all.</summary>
    public string StartLock => Path.Combine(Folder, Name + ".start");

    public string Log => Path.Combine(Folder, Name + ".log");

    /// <summary><c>XDG_RUNTIME_DIR</c>, or a folder of the user's in the temporary one.</summary>
    public static string UserFolder
    {
        get
        {
            var runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            return string.IsNullOrEmpty(runtime)
                ? Path.Combine(Path.GetTempPath(), $"infill-{UnixNative.UserId.ToString(CultureInfo.InvariantCulture)}")
                : Path.Combine(runtime, "infill");
        }
    }

    /// <summary>The place for settings that make an engine.</summary>
    public static SharingPlace Of(InfillSettings settings)
    {
        var model = new FileInfo(settings.ModelPath);
        var identity = string.Join('\n', [
            typeof(SharingPlace).Module.ModuleVersionId.ToString(), // differs with every build that differs
            Environment.GetEnvironmentVariable("INFILL_LLAMA_DIR") ?? "",
            SettingsSources.UserFile, // another home is another user
            SettingsSources.CacheFolder,
            ModelStore.OfUser.Folder,
            settings.ModelPath,
            $"{settings.Gpu} {settings.GpuLayers} {settings.GpuSplit}",
            model.Exists ? $"{model.Length} {model.LastWriteTimeUtc.Ticks}" : "",
            (settings.Engine with { TimesFolder = null }).ToString(),
        ]);
        return new SharingPlace(UserFolder, Hash(identity).ToString("x16", CultureInfo.InvariantCulture));
    }

    /// <summary>Makes the folder, or makes sure that it is ours alone.</summary>
    /// <exception cref="EngineException">It is another user's, can't be made, or its name is too long for a socket.</exception>
    public void Prepare()
    {
        if (Encoding.UTF8.GetByteCount(Socket) > MostSocketBytes) throw new EngineException($"The folder '{Folder}' for sharing an engine has too long a name for sockets; XDG_RUNTIME_DIR names it.");
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(Folder); // in the user's profile, which is theirs alone
                return;
            }

            Directory.CreateDirectory(Folder, OwnerOnly);
            File.SetUnixFileMode(Folder, OwnerOnly); // the owner alone may: so this checks it too
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"The folder '{Folder}' for sharing an engine can't be used: {e.Message}", e);
        }
    }

    /// <summary>FNV-1a: names need no secrecy, and cryptography would take longer to load than a client waits.</summary>
    private static ulong Hash(string text)
    {
        var hash = 14695981039346656037ul;
        foreach (var b in Encoding.UTF8.GetBytes(text)) hash = unchecked((hash ^ b) * 1099511628211ul);
        return hash;
    }
}
