using System.Runtime.InteropServices;
using System.Text.Json;

namespace Infill.Models.Gpu;

/// <summary>A library of ggml's for a kind of GPU, and the npm package that has it.</summary>
/// <param name="Name">What the user calls it: <c>cuda</c>, <c>cuda12</c> or <c>vulkan</c>.</param>
/// <param name="Title">For people.</param>
/// <param name="Platform">.NET's runtime identifier.</param>
/// <param name="Package">npm's name; of the catalogue's version.</param>
/// <param name="Integrity">What the package must hash to, as npm writes it.</param>
/// <param name="Bytes">Of the package.</param>
/// <param name="File">In the package.</param>
/// <param name="FileBytes">Of that file.</param>
/// <param name="FileSha256">Of that file, hexadecimal.</param>
public sealed record GpuLibrary(string Name, string Title, string Platform, string Package, string Integrity, long Bytes, string File, long FileBytes, string FileSha256);

/// <summary>The libraries that suit the llama.cpp which comes with the program, in the order in which they are tried.</summary>
/// <param name="Version">Of the packages.</param>
/// <param name="Llama">Of the llama.cpp that they are of.</param>
/// <param name="Libraries">For all platforms that the registry has them for.</param>
public sealed record GpuCatalog(string Version, string Llama, IReadOnlyList<GpuLibrary> Libraries)
{
    /// <summary>The data file, <c>gpu.json</c>.</summary>
    public static GpuCatalog Default { get; } = Read();

    /// <summary>Those for this machine; none where the registry has none.</summary>
    public IReadOnlyList<GpuLibrary> Here { get; } = [.. Libraries.Where(static library => library.Platform == Platform)];

    /// <summary>This machine's.</summary>
    public static string Platform
    {
        get
        {
            var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
            return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        }
    }

    /// <exception cref="ModelException">There is none of that name for this machine.</exception>
    public GpuLibrary Find(string name) => Here.FirstOrDefault(library => library.Name == name) ?? throw new ModelException(
        Here.Count == 0
            ? $"There are no GPU libraries of llama.cpp {Llama} for {Platform}: its makers publish them for {string.Join(", ", Libraries.Select(static library => library.Platform).Distinct())} alone. The processor computes."
            : $"There is no GPU library '{name}' for {Platform}; there are {string.Join(", ", Here.Select(static library => library.Name))}.");

    private static GpuCatalog Read()
    {
        using var stream = typeof(GpuCatalog).Assembly.GetManifestResourceStream("gpu")!;
        return JsonSerializer.Deserialize(stream, ModelsJsonContext.Default.GpuCatalog)!;
    }
}
