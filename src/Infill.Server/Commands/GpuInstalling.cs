using Infill.Models;
using Infill.Models.Gpu;
using Infill.Models.Pulling;
using Infill.Server.Gpu;

namespace Infill.Server.Commands;

/// <summary><c>infill gpu install</c>: how far it is, and what came of trying what was installed.</summary>
internal static class GpuInstalling
{
    /// <param name="names">What the user named; none for what fits this machine.</param>
    /// <param name="registry">On the command line; null for what npm is configured with.</param>
    /// <param name="file">The package; null to fetch it.</param>
    /// <param name="cancellationToken">Ctrl+C: what was fetched stays for the next time.</param>
    /// <exception cref="ModelException">It could not be had.</exception>
    public static async Task<int> RunAsync(IReadOnlyList<string> names, string? registry, string? file, CancellationToken cancellationToken)
    {
        var libraries = GpuCommand.Named(names.Count > 0 ? names : Fitting());
        if (file is not null && libraries.Count != 1) throw new ModelException("Say which library --from has: 'infill gpu install cuda --from FILE.tgz', or cuda12 or vulkan.");

        var selection = GpuSelection.OfUser;
        var install = new GpuInstall(selection.Store, new PullOptions());
        var address = file is null ? await NpmRegistry.FindAsync(registry, Environment.GetEnvironmentVariable, NpmRegistry.ConfiguredAsync) : null;
        foreach (var library in libraries)
        {
            var (installed, wasThere) = file is not null
                ? await install.TakeAsync(library, file, cancellationToken)
                : await ModelPullProgress.ShowAsync(install.Label(library), progress => install.PullAsync(library, address!, progress, cancellationToken));
            await Console.Out.WriteLineAsync(wasThere
                ? $"{library.Name} is here already, whole and right: '{installed.Path}'."
                : $"{library.Name} is here: {library.Title}, {ModelCommand.Size(installed.Bytes)}, from {install.Label(library)}.");
        }

        selection.Store.RemoveOtherReleases();
        foreach (var library in libraries)
        {
            if (selection.Store.Find(library) is { } installed) await selection.TryAsync(installed, stage => Tell(library, stage), cancellationToken);
        }

        await selection.DecideByTryingAsync(GpuCommand.Setting, Tell, cancellationToken); // those that go before it, where they were never tried
        return (await GpuCommand.WriteAsync(selection, GpuCommand.Setting, isJson: false)).Chosen is null ? ExitCodes.Failed : ExitCodes.Done;
    }

    /// <summary>Says on the terminal what goes on, where it may take long.</summary>
    public static void Tell(GpuLibrary library, TrialStage stage)
    {
        if (stage is TrialStage.Begun) Console.Error.WriteLine($"trying {library.Title} in a process of its own");
        if (stage is TrialStage.Placed) Console.Error.WriteLine($"{library.Title} computes its first steps; where its kernels have to be compiled, this takes a minute, once");
    }

    private static IReadOnlyList<string> Fitting()
    {
        var wanted = GpuMachine.Wanted(GpuMachine.CanLoad);
        return wanted.Count > 0 || GpuCatalog.Default.Here.Count == 0
            ? wanted.Count > 0 ? wanted : ["cuda"] // which says that there is none for such a machine
            : throw new ModelException("This machine shows neither an NVIDIA driver (libcuda.so.1) nor a Vulkan loader (libvulkan.so.1), so no GPU library would work on it. Install the GPU's driver first, or name the library to install all the same.");
    }
}
