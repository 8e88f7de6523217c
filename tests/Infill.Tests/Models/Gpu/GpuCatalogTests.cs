using System.Text.Json;
using Infill.Engine.Llama;
using Infill.Models;
using Infill.Models.Gpu;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Models.Gpu;

public sealed class GpuCatalogTests
{
    [Fact]
    public void The_libraries_are_of_the_llama_cpp_that_comes_with_the_program()
    {
        var manifest = JsonElement.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "src", "Infill.Engine", "Llama", "package.json")));

        Assert.Equal(LlamaLibrary.PinnedVersion, GpuCatalog.Default.Llama);
        Assert.Equal(GpuCatalog.Default.Version, manifest.GetProperty("optionalDependencies").GetProperty("@node-llama-cpp/linux-x64").GetString());
    }

    [Fact]
    public void Every_package_is_pinned_by_its_hash_and_none_names_a_registry()
    {
        Assert.Equal(["cuda", "cuda12", "vulkan"], GpuCatalog.Default.Libraries.Select(static library => library.Name)); // in which they are tried
        Assert.All(GpuCatalog.Default.Libraries, static library =>
        {
            Assert.Equal(64, Convert.FromBase64String(library.Integrity["sha512-".Length..]).Length);
            Assert.Equal(32, Convert.FromHexString(library.FileSha256).Length);
            Assert.StartsWith("@node-llama-cpp/", library.Package, StringComparison.Ordinal);
            Assert.True(library.FileBytes > library.Bytes);
        });
    }

    [Fact]
    public void What_there_is_not_for_a_machine_is_said()
    {
        var elsewhere = GpuPackages.Entry([1], [1]) with { Platform = "amiga-m68k" };

        Assert.Equal(
            $"There are no GPU libraries of llama.cpp 9.9.9 for {GpuCatalog.Platform}: its makers publish them for amiga-m68k alone. The processor computes.",
            Assert.Throws<ModelException>(() => GpuPackages.Catalog(elsewhere).Find("cuda")).Message);
        Assert.Equal(
            $"There is no GPU library 'vulkan' for {GpuCatalog.Platform}; there are cuda.",
            Assert.Throws<ModelException>(() => GpuPackages.Catalog(GpuPackages.Entry([1], [1])).Find("vulkan")).Message);
    }
}
