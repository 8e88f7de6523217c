using Infill.Engine.Llama;
using Infill.Models.Gpu;
using Infill.Server.Gpu;

namespace Infill.Tests.Server.Gpu;

/// <summary>The first library that proved itself computes, in the order CUDA 13, CUDA 12, Vulkan; else the processor; and one line says why.</summary>
public sealed class GpuSelectionTests : IDisposable
{
    private const string NoDriver = "x: libcuda.so.1: cannot open shared object file: No such file or directory";

    private readonly GpuBench _bench = new();

    [Fact]
    public async Task What_aborts_is_passed_over_for_the_next_and_what_comes_after_that_is_left_alone()
    {
        _bench.Install("cuda", GpuBench.Aborting);
        var works = _bench.Install("cuda12", GpuBench.Working());
        _bench.Install("vulkan", GpuBench.Working());

        var decision = await DecideAsync();

        Assert.Equal(["cuda", "cuda12"], _bench.Tried);
        Assert.Equal(new GpuPlugin(GpuBackend.Cuda12, works.Path), decision.Plugin);
        Assert.Equal(
            "CUDA 12 on NVIDIA H100, 85.0 GB, 10 ms for what takes the processor 60 ms (CUDA 13: the trial's process was ended by SIGABRT in its first steps (CUDA error: the provided PTX was compiled with an unsupported toolchain))",
            decision.Summary);
        Assert.False(decision.IsAmiss);
    }

    [Fact]
    public async Task Where_none_works_the_processor_computes_and_the_first_remedy_is_named()
    {
        _bench.Install("cuda", GpuBench.Failing(NoDriver));
        _bench.Install("vulkan", GpuBench.Failing("x: libvulkan.so.1: cannot open shared object file: No such file or directory"));

        var decision = await DecideAsync();

        Assert.Null(decision.Plugin);
        Assert.Equal("the processor; CUDA 13: there is no NVIDIA driver (libcuda.so.1 is missing); Vulkan: there is no Vulkan loader (libvulkan.so.1 is missing)", decision.Summary);
        Assert.StartsWith("install NVIDIA's driver", decision.Remedy, StringComparison.Ordinal);
        Assert.True(decision.IsAmiss);
    }

    [Fact]
    public async Task The_answer_is_remembered_until_driver_device_or_file_is_another()
    {
        var installed = _bench.Install("cuda", GpuBench.Working());
        await DecideAsync();
        Assert.NotNull(_bench.Selection().Decide("auto").Plugin);
        _bench.Machine = _bench.Machine with { Libraries = "others" };
        Assert.NotNull(_bench.Selection().Decide("auto").Plugin); // what works goes on working

        _bench.Machine = _bench.Machine with { Devices = "a GPU with another driver" };
        var changed = _bench.Selection().Decide("auto");
        Assert.Null(changed.Plugin);
        Assert.Equal(installed, changed.Next);
        Assert.Equal("the processor; CUDA 13 is installed and has not been tried as things are now", changed.Summary);

        await DecideAsync();
        File.SetLastWriteTimeUtc(installed.Path, DateTime.UnixEpoch);
        Assert.NotNull(_bench.Selection().Decide("auto").Next);
        Assert.Equal(["cuda", "cuda"], _bench.Tried);
    }

    [Fact]
    public async Task What_failed_is_tried_again_once_other_libraries_are_there()
    {
        _bench.Install("cuda", GpuBench.Failing(NoDriver));
        await DecideAsync();
        Assert.Null(_bench.Selection().Decide("auto").Next);

        _bench.Machine = _bench.Machine with { Libraries = "a driver was installed" };
        _bench.Install("cuda", GpuBench.Working());

        Assert.NotNull((await DecideAsync()).Plugin);
    }

    [Fact]
    public async Task One_that_is_slower_than_the_processor_is_used_where_it_is_asked_for_only()
    {
        _bench.Install("vulkan", GpuBench.Working(device: 200, processor: 60));

        var decision = await DecideAsync();

        Assert.Null(decision.Plugin);
        Assert.Equal("the processor; Vulkan is slower here: 200 ms for what takes the processor 60 ms", decision.Summary);
        Assert.False(decision.IsAmiss);
        Assert.Equal(GpuBackend.Vulkan, _bench.Selection().Decide("vulkan").Plugin!.Backend);
    }

    [Fact]
    public async Task A_setting_names_the_one_that_may_be_used()
    {
        _bench.Install("cuda", GpuBench.Working());
        _bench.Install("cuda12", GpuBench.Working());

        Assert.Equal(GpuBackend.Cuda12, (await DecideAsync("cuda12")).Plugin!.Backend);
        Assert.Equal(["cuda12"], _bench.Tried);
        Assert.Equal("the processor; the setting 'gpu' is off", (await DecideAsync("off")).Summary);

        var missing = await DecideAsync("vulkan");
        Assert.Equal(("the processor; the setting 'gpu' is vulkan, which is not installed", "'infill gpu install vulkan'", true), (missing.Summary, missing.Remedy, missing.IsAmiss));
    }

    [Fact]
    public async Task A_library_over_which_two_processes_were_lost_is_not_used_until_it_is_tried_again()
    {
        var installed = _bench.Install("cuda", GpuBench.Working());
        await DecideAsync();
        _bench.Lose("cuda", process: 1_000_001);
        Assert.NotNull(_bench.Selection().Decide("auto").Plugin); // its user may have ended it

        _bench.Lose("cuda", process: 1_000_002);
        var lost = _bench.Selection().Decide("auto");
        Assert.Equal((null, true), (lost.Plugin, lost.IsAmiss));
        Assert.Equal("the processor; CUDA 13: it worked when it was tried, but two processes in a row were lost when they put their model on it", lost.Summary);
        Assert.Null(lost.Next);

        await _bench.Selection().TryAsync(installed, static _ => { }, CancellationToken.None);
        Assert.NotNull(_bench.Selection().Decide("auto").Plugin);
    }

    [Fact]
    public async Task A_process_that_has_put_its_model_on_the_GPU_clears_what_others_left_and_those_that_still_do_so_are_not_counted()
    {
        var installed = _bench.Install("cuda", GpuBench.Working());
        await DecideAsync();
        _bench.Alive.Add(1_000_002);
        _bench.Lose("cuda", process: 1_000_001);
        _bench.Lose("cuda", process: 1_000_002);
        using (_bench.Selection().Mark(installed))
        {
            Assert.Equal(1, _bench.Marks.Lost("cuda"));
        }

        Assert.Equal(0, _bench.Marks.Lost("cuda"));
        _bench.Alive.Clear();
        Assert.Equal(1, _bench.Marks.Lost("cuda"));
    }

    [Theory]
    [InlineData("", "the processor; this machine shows no GPU that could be used", null)]
    [InlineData("libcuda.so.1", "the processor; no GPU library is installed", "'infill gpu install' fetches what fits this machine")]
    [InlineData("libvulkan.so.1", "the processor; no GPU library is installed", "'infill gpu install' fetches what fits this machine")]
    public void Where_nothing_is_installed_the_machine_says_whether_that_would_help(string loadable, string summary, string? remedy)
    {
        _bench.Loadable = loadable;

        var decision = _bench.Selection().Decide("auto");

        Assert.Equal((summary, remedy, false), (decision.Summary, decision.Remedy, decision.IsAmiss));
        Assert.Equal(loadable.Contains("cuda", StringComparison.Ordinal) ? "cuda,cuda12" : loadable.Length > 0 ? "vulkan" : "", string.Join(',', GpuMachine.Wanted(name => name == loadable)));
    }

    [Fact]
    public async Task Where_nothing_can_be_remembered_it_is_tried_once_and_the_processor_computes()
    {
        _bench.Install("cuda", GpuBench.Working());
        var selection = new GpuSelection(_bench.Store, new ProbeMemory("/proc/no-memory"), _bench.Marks, _bench.Probe(), () => _bench.Machine, static _ => false);

        var decision = await selection.DecideByTryingAsync("auto", static (_, _) => { }, CancellationToken.None);

        Assert.Equal(["cuda"], _bench.Tried);
        Assert.Null(decision.Plugin);
        Assert.StartsWith("the processor; what CUDA 13 can do can't be remembered", decision.Summary, StringComparison.Ordinal);
    }

    public void Dispose() => _bench.Dispose();

    private Task<GpuDecision> DecideAsync(string setting = "auto") => _bench.Selection().DecideByTryingAsync(setting, static (_, _) => { }, CancellationToken.None);
}
