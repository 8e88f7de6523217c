using System.Diagnostics;
using Infill.Server.Gpu;

namespace Infill.Tests.Server.Gpu;

/// <summary>Whatever becomes of the process that tries a library, there is an answer.</summary>
public sealed class GpuProbeTests : IDisposable
{
    private readonly GpuBench _bench = new();

    [Fact]
    public async Task A_library_that_computes_right_works()
    {
        var stages = new List<TrialStage>();

        var result = await _bench.Probe().RunAsync(_bench.Install("cuda12", GpuBench.Working()), stages.Add, CancellationToken.None);

        Assert.True(result.Works);
        Assert.Equal("10 ms for what takes the processor 60 ms", result.Reason);
        Assert.Equal("NVIDIA H100, 85.0 GB", result.Where);
        Assert.Equal([TrialStage.Begun, TrialStage.Loaded, TrialStage.Placed, TrialStage.Computed, TrialStage.Done], stages);
    }

    [Fact]
    public async Task One_that_aborts_its_process_is_told_by_where_that_was_and_what_it_said_first()
    {
        var result = await RunAsync(GpuBench.Aborting);

        Assert.False(result.Works);
        Assert.Equal("the trial's process was ended by SIGABRT in its first steps (CUDA error: the provided PTX was compiled with an unsupported toolchain)", result.Reason);
        Assert.Contains("update the GPU's driver", result.Remedy, StringComparison.Ordinal);
        Assert.Equal("NVIDIA H100", Assert.Single(result.Devices).Description);
    }

    [Theory]
    [InlineData("kill -SEGV $$", "the trial's process was ended by SIGSEGV while the library was loaded")]
    [InlineData("kill -KILL $$", "the trial's process was ended by SIGKILL while the library was loaded")]
    [InlineData("exit 0", "the trial's process ended with 0 while the library was loaded")]
    [InlineData("echo nonsense; echo '{}'; echo '{\"stage\":7}'; echo '[]'; exit 3", "the trial's process ended with 3 while the library was loaded")]
    [InlineData("echo \"terminate called\" >&2; echo '  what():  Vulkan 1.2 required' >&2; kill -ABRT $$", "the trial's process was ended by SIGABRT while the library was loaded (what():  Vulkan 1.2 required)")]
    public async Task One_that_ends_otherwise_is_told_by_how(string script, string reason) => Assert.Equal(reason, (await RunAsync(script)).Reason);

    [Fact]
    public async Task One_that_hangs_is_ended()
    {
        var began = Stopwatch.GetTimestamp();

        var result = await RunAsync(GpuBench.Saying("exec sleep 1000", """{"stage":"Begun"}""", $$"""{"stage":"Loaded","devices":[{{GpuBench.Device}}]}"""), TimeSpan.FromSeconds(0.5));

        Assert.Equal("the trial did not come to an end within 0.5 seconds, and stood still while the model was put on it", result.Reason);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Who_no_longer_waits_ends_the_trial_too()
    {
        using var ending = new CancellationTokenSource();
        var installed = _bench.Install("cuda", GpuBench.Saying("exec sleep 1000", """{"stage":"Begun"}"""));

        var running = _bench.Probe().RunAsync(installed, _ => ending.Cancel(), ending.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_library_that_is_cut_short_is_not_even_tried()
    {
        var installed = _bench.Install("cuda", GpuBench.Working());
        await File.WriteAllBytesAsync(installed.Path, [1]);

        var result = await _bench.Probe().RunAsync(_bench.Store.Find(installed.Library)!, static _ => { }, CancellationToken.None);

        Assert.Equal((false, "its file is damaged", "install it again: 'infill gpu install cuda'"), (result.Works, result.Reason, result.Remedy));
        Assert.Empty(_bench.Tried);
    }

    [Theory]
    [InlineData("'/x/libggml-cuda.so' could not be loaded: load_backend: failed to load /x/libggml-cuda.so: libcuda.so.1: cannot open shared object file: No such file or directory", "there is no NVIDIA driver (libcuda.so.1 is missing)", "install NVIDIA's driver")]
    [InlineData("x: libcublas.so.13: cannot open shared object file: No such file or directory", "CUDA's own libraries are missing (libcublas.so.13)", "install CUDA 13's libcudart and libcublas")]
    [InlineData("x: libvulkan.so.1: cannot open shared object file: No such file or directory", "there is no Vulkan loader (libvulkan.so.1 is missing)", "libvulkan1 and mesa-vulkan-drivers")]
    [InlineData("x: libodd-1.2.so.3.4: cannot open shared object file: No such file or directory", "a library that it needs is missing (libodd-1.2.so.3.4)", "install that")]
    [InlineData("'/x/libggml-cuda.so' could not be loaded: /x/libggml-cuda.so: file too short", "its file is damaged", "install it again")]
    [InlineData("'/x/libggml-cuda.so' could not be loaded: load_backend: failed to load /x/libggml-cuda.so: /x/libggml-cuda.so: undefined symbol: cuMemCreate, version 2", "the driver's or CUDA's library lacks a function that it needs (cuMemCreate)", "update the GPU's driver")]
    [InlineData("'/x/libggml-cuda.so' could not be loaded: load_backend: failed to load /x/libggml-cuda.so: /x/libggml-cuda.so: the moon is full", "the moon is full", "update the GPU's driver")]
    [InlineData("'/x/libggml-cuda.so' found no GPU.", "it finds no GPU", "check that the GPU's driver is installed")]
    [InlineData("'/x/libggml-cuda.so' found no GPU. failed to initialize CUDA: CUDA driver version is insufficient for CUDA runtime version", "it finds no GPU (failed to initialize CUDA: CUDA driver version is insufficient for CUDA runtime version)", "update the NVIDIA driver")]
    [InlineData("it computes something else than the CPU does.", "it computes something else than the CPU does", "update the GPU's driver")]
    public async Task What_a_loader_says_becomes_a_reason_and_what_to_do(string said, string reason, string remedy)
    {
        var result = await RunAsync(GpuBench.Failing(said.Replace("'", "", StringComparison.Ordinal)));

        Assert.False(result.Works);
        Assert.Equal(reason, result.Reason);
        Assert.Contains(remedy, result.Remedy, StringComparison.Ordinal);
    }

    public void Dispose() => _bench.Dispose();

    private Task<ProbeResult> RunAsync(string script, TimeSpan? limit = null) =>
        _bench.Probe(limit).RunAsync(_bench.Install("cuda", script), static _ => { }, CancellationToken.None);
}
