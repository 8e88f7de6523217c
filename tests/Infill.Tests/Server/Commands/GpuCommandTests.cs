using System.Text.Json;
using Infill.Models.Gpu;
using Infill.Server;
using Infill.Server.Gpu;
using Infill.Tests.Engine.Llama;
using Infill.Tests.Models.Pulling;
using Xunit;

namespace Infill.Tests.Server.Commands;

/// <summary>The built program on a machine without a GPU, away from the user's libraries.</summary>
[Collection(ModelCollection.Name)] // trials and suggestions compute
public sealed class GpuCommandTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("infill-gpu-command-").FullName;

    [Fact]
    public async Task Half_a_library_is_named_with_how_to_mend_it_and_the_processor_suggests()
    {
        var path = Put("vulkan", 1000);

        var doctor = await RunAsync("doctor");

        Assert.Equal(ExitCodes.Failed, doctor.ExitCode);
        Assert.Contains("FAIL  GPU          the processor; Vulkan: its file is damaged\n", doctor.Output, StringComparison.Ordinal);
        Assert.Contains("→ install it again: 'infill gpu install vulkan'", doctor.Output, StringComparison.Ordinal);
        Assert.Contains("ok    suggestion", doctor.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task A_folder_of_libraries_that_the_user_names_decides_alone()
    {
        Put("vulkan", 1000);

        var doctor = await ChildProgram.RunAsync(["doctor"], ("XDG_DATA_HOME", _home), ("XDG_CACHE_HOME", Path.Combine(_home, "cache")), ("INFILL_LLAMA_DIR", Path.Combine(AppContext.BaseDirectory, "llama")));

        Assert.Equal(ExitCodes.Done, doctor.ExitCode);
        Assert.Contains("ok    GPU          the processor; INFILL_LLAMA_DIR names the library, and that decides\n", doctor.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_library_of_the_right_length_that_can_not_be_loaded_is_tried_by_a_process_of_its_own_and_told()
    {
        Put("vulkan", GpuCatalog.Default.Find("vulkan").FileBytes); // zeros

        var probe = await RunAsync("gpu", "probe", "--json");

        Assert.Equal(ExitCodes.Failed, probe.ExitCode);
        var library = JsonElement.Parse(probe.Output).GetProperty("libraries").EnumerateArray().Single(static library => library.GetProperty("name").GetString() == "vulkan");
        Assert.Equal("its file is damaged", library.GetProperty("result").GetProperty("reason").GetString());
        Assert.Contains("its file is damaged", (await RunAsync("gpu", "list")).Output, StringComparison.Ordinal); // remembered
    }

    [Fact]
    public async Task A_missing_driver_is_told_before_what_is_missing_besides()
    {
        var hasDriver = GpuMachine.CanLoad(GpuMachine.CudaDriver); // then what it says is of the library, which is none
        Put("cuda12", GpuCatalog.Default.Find("cuda12").FileBytes);

        var probe = await RunAsync("gpu", "probe");

        Assert.Contains($"What computes: the processor; CUDA 12: {(hasDriver ? "its file is damaged" : "there is no NVIDIA driver (libcuda.so.1 is missing)")}.", probe.Output, StringComparison.Ordinal);
        Assert.Contains(hasDriver ? "→ install it again" : "→ install NVIDIA's driver", probe.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suggestion_comes_all_the_same_and_says_why_no_GPU_made_it()
    {
        Put("vulkan", 1000);

        var complete = await RunAsync("complete", "tests/Infill.EndToEnd/shapes.py:42", "--max-tokens", "4");

        Assert.Equal(ExitCodes.Done, complete.ExitCode);
        Assert.NotEmpty(complete.Output);
    }

    [Fact]
    public async Task A_package_that_is_wrong_is_refused_and_nothing_is_installed()
    {
        using var registry = new FaultyHub { File = new byte[5000] };

        var install = await RunAsync("gpu", "install", "vulkan", "--registry", registry.Address.ToString());

        Assert.Equal(ExitCodes.Failed, install.ExitCode);
        Assert.StartsWith("What came for '@node-llama-cpp/linux-x64-vulkan@", install.Error, StringComparison.Ordinal);
        Assert.Contains("can be had", (await RunAsync("gpu", "list")).Output, StringComparison.Ordinal);
        Assert.Equal("vulkan is not installed.\n", (await RunAsync("gpu", "remove", "vulkan")).Output);
    }

    [Theory]
    [InlineData(ExitCodes.BadArguments, "gpu", "install", "rocm")]
    [InlineData(ExitCodes.Failed, "gpu", "install", "all", "--from", "x.tgz")]
    [InlineData(ExitCodes.Failed, "gpu", "install", "vulkan", "--registry", "ftp://x")]
    public async Task What_can_not_be_meant_is_refused(int exitCode, params string[] arguments)
    {
        var refused = await RunAsync(arguments);

        Assert.Equal(exitCode, refused.ExitCode);
        Assert.NotEmpty(refused.Error);
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    private string Put(string name, long length)
    {
        var library = GpuCatalog.Default.Find(name);
        var folder = Directory.CreateDirectory(Path.Combine(_home, "infill", "gpu", GpuCatalog.Default.Llama, name)).FullName;
        var path = Path.Combine(folder, Path.GetFileName(library.File));
        using var file = File.Create(path);
        file.SetLength(length);
        return path;
    }

    private Task<ChildProgram> RunAsync(params string[] arguments) => ChildProgram.RunAsync(arguments, ("XDG_DATA_HOME", _home), ("XDG_CACHE_HOME", Path.Combine(_home, "cache")));
}
