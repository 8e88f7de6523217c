using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Infill.Tests.Engine.Llama;

/// <summary>The pinned native library, as the build puts it beside the program.</summary>
[Collection(ModelCollection.Name)] // the logger and the environment variable are the process's
public sealed class LlamaLibraryTests
{
    [Fact]
    public void The_library_loads_from_the_build_output()
    {
        var library = LlamaLibrary.Load(NullLogger.Instance);

        Assert.Equal(Path.Combine(AppContext.BaseDirectory, "llama"), library.Directory);
        Assert.StartsWith(LlamaLibrary.PinnedVersion, library.Version, StringComparison.Ordinal);
        Assert.Contains("ggml-cpu", library.CpuVariant, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_worker_threads_can_be_put_to_sleep()
    {
        LlamaLibrary.Load(NullLogger.Instance);
        using var threadpool = LlamaThreadpool.TryCreate(2);

        Assert.True(threadpool?.CanRest);
        threadpool!.Rest();
        threadpool.Rest(); // twice is harmless
    }

    [Fact]
    public void Loading_again_gives_the_same_library()
    {
        var first = LlamaLibrary.Load(NullLogger.Instance);

        Assert.Same(first, LlamaLibrary.Load(NullLogger.Instance));
    }

    [Fact]
    public void A_wrong_folder_in_the_environment_is_named_with_what_to_do()
    {
        using var _ = new EnvironmentScope(LlamaLibrary.DirectoryVariable, "/no/such/folder");

        var e = Assert.Throws<EngineException>(LlamaLibrary.FindDirectory);

        Assert.Equal("INFILL_LLAMA_DIR names '/no/such/folder', which is no folder; point it at llama.cpp's libraries or unset it.", e.Message);
    }

    [Fact]
    public void A_folder_in_the_environment_goes_before_the_one_beside_the_program()
    {
        using var _ = new EnvironmentScope(LlamaLibrary.DirectoryVariable, Path.GetTempPath());

        var directory = LlamaLibrary.FindDirectory();

        Assert.Equal(Path.GetFullPath(Path.GetTempPath()), directory);
    }

    [Fact]
    public void What_the_native_code_logs_reaches_the_logger()
    {
        var logger = new ListLogger();
        using var file = new TemporaryFile([.. "GGUF"u8, 3, 0, 0, 0, .. new byte[16]]);
        LlamaLibrary.Load(logger);

        Assert.Throws<EngineException>(() => LlamaModel.Load(file.Path));

        LlamaLibrary.Load(NullLogger.Instance);
        Assert.Contains(logger.Entries, static entry => entry.Level == LogLevel.Error && entry.Text.StartsWith("llama.cpp: ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_logger_that_throws_does_not_take_the_process_down()
    {
        using var file = new TemporaryFile([.. "GGUF"u8, 3, 0, 0, 0, .. new byte[16]]);
        LlamaLibrary.Load(new FailingLogger());

        var e = Assert.Throws<EngineException>(() => LlamaModel.Load(file.Path));

        LlamaLibrary.Load(NullLogger.Instance);
        Assert.Contains(file.Path, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_GPU_library_that_can_not_be_loaded_is_named_and_the_processor_computes_as_before()
    {
        using var truncated = new TemporaryFile([0x7f, .. "ELF"u8, 2, 1, 1]);

        var e = Assert.Throws<EngineException>(() => LlamaLibrary.Load(NullLogger.Instance, new GpuPlugin(GpuBackend.Cuda, truncated.Path)));

        Assert.StartsWith($"'{truncated.Path}' could not be loaded: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("file too short", e.Message, StringComparison.Ordinal);
        Assert.Equal((GpuBackend.Cpu, 0), (LlamaLibrary.Load(NullLogger.Instance).Gpu, LlamaLibrary.Load(NullLogger.Instance).Devices.Count));
        using var model = DefaultModel.Load();
        Assert.True(model.Size > 0);
    }

    [Fact]
    public void A_library_that_is_no_backend_is_not_taken_for_one()
    {
        var neighbour = Path.Combine(LlamaLibrary.Load(NullLogger.Instance).Directory, "libggml-base.so");

        var e = Assert.Throws<EngineException>(() => LlamaLibrary.Load(NullLogger.Instance, new GpuPlugin(GpuBackend.Vulkan, neighbour)));

        Assert.Contains("failed to find ggml_backend_init", e.Message, StringComparison.Ordinal);
    }

    private sealed class FailingLogger : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("The log is full.");
    }

    private sealed class EnvironmentScope : IDisposable
    {
        private readonly string _name;
        private readonly string? _before;

        public EnvironmentScope(string name, string value)
        {
            _name = name;
            _before = Environment.GetEnvironmentVariable(name);
            Environment.SetEnvironmentVariable(name, value);
        }

        public void Dispose() => Environment.SetEnvironmentVariable(_name, _before);
    }
}
