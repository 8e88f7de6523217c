using System.Reflection;

// A second model on the same cores slows both a hundredfold.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Infill.EndToEnd;

/// <summary>Where the parts are that the tests put together.</summary>
internal static class Places
{
    private static readonly ILookup<string, string?> Metadata =
        typeof(Places).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().ToLookup(a => a.Key, a => a.Value);

    public static string Node => Metadata["NodeFolder"].Single()!;

    public static string Neovim => Metadata["NeovimFolder"].Single()!;

    public static string Terminal => Metadata["TerminalFolder"].Single()!;

    public static string Emacs => Metadata["EmacsFolder"].Single()!;

    public static string Helix => Metadata["HelixFolder"].Single()!;

    public static string LivePage => Path.Combine(Path.GetDirectoryName(Node)!, "LivePage");

    public static string VsCode => Metadata["VsCodeFolder"].Single()!;

    /// <summary>Our plugin for Neovim.</summary>
    public static string NeovimPlugin => Path.Combine(Editors, "neovim");

    public static string Editors => Metadata["EditorsFolder"].Single()!;

    /// <summary>A root file system with the editors that run in a terminal; made by the first test that needs it, and kept.</summary>
    public static string Chroot => Environment.GetEnvironmentVariable("INFILL_CHROOT") is { Length: > 0 } chroot ? chroot : "/opt/infill-chroot/forky";

    public static string Shapes => Path.Combine(Path.GetDirectoryName(Node)!, "shapes.py");

    /// <summary>A real VS Code; installed by the first test that needs it, and kept.</summary>
    public static string CodeServer => Environment.GetEnvironmentVariable("INFILL_CODE_SERVER") is { Length: > 0 } folder ? folder : "/opt/infill-code-server";

    /// <summary>The folder of the published program, with its libraries and model.</summary>
    public static string Publish
    {
        get
        {
            var folder = Environment.GetEnvironmentVariable("INFILL_PUBLISHED") is { Length: > 0 } given ? given : Metadata["PublishFolder"].Single()!;
            return File.Exists(Path.Combine(folder, "infill"))
                ? folder
                : throw new InvalidOperationException(
                    $"There is no program in {folder}; run `dotnet publish src/Infill.Server -c Release -r linux-x64`, or set INFILL_PUBLISHED.");
        }
    }

    public static string Server => Path.Combine(Publish, "infill");
}
