using System.Diagnostics;
using Infill.Models.Gpu;
using Infill.Server.Gpu;
using Infill.Tests.Models.Gpu;

namespace Infill.Tests.Server.Gpu;

/// <summary>A machine with GPU libraries of no use, and a scripted program that tries them.</summary>
internal sealed class GpuBench : IDisposable
{
    public const string Device = """{"name":"CUDA0","description":"NVIDIA H100","isIntegrated":false,"free":84000000000,"total":85000000000}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("infill-gpu-bench-").FullName;
    private readonly Dictionary<string, string> _scripts = new(StringComparer.Ordinal);

    public GpuBench()
    {
        Catalog = GpuPackages.Catalog(Of("cuda", "CUDA 13"), Of("cuda12", "CUDA 12"), Of("vulkan", "Vulkan"));
        Store = new GpuStore(Path.Combine(_folder, "gpu"), Catalog);
        Memory = new ProbeMemory(Path.Combine(_folder, "memory"));
        Marks = new LoadMarks(Path.Combine(_folder, "memory"), process => Alive.Contains(process));

        static GpuLibrary Of(string name, string title) => GpuPackages.Entry([1, 2, 3], [4], name, title);
    }

    public GpuCatalog Catalog { get; }

    public GpuStore Store { get; }

    public ProbeMemory Memory { get; }

    public LoadMarks Marks { get; }

    /// <summary>Processes that run.</summary>
    public HashSet<int> Alive { get; } = [Environment.ProcessId];

    public GpuMachine Machine { get; set; } = new("580.1", "a GPU", "libraries");

    /// <summary>Names of what was tried, in order.</summary>
    public List<string> Tried { get; } = [];

    /// <summary>What the loader finds.</summary>
    public string Loadable { get; set; } = "";

    public GpuSelection Selection(TimeSpan? limit = null) => new(Store, Memory, Marks, Probe(limit), () => Machine, name => Loadable.Contains(name, StringComparison.Ordinal));

    public GpuProbe Probe(TimeSpan? limit = null) => new(StartOf, limit ?? TimeSpan.FromMinutes(1), TimeProvider.System);

    public GpuLibrary Library(string name) => Catalog.Find(name);

    /// <summary>Installs a library, and says what the program does that tries it.</summary>
    /// <param name="name">Of the library.</param>
    /// <param name="script">For a shell.</param>
    public InstalledGpuLibrary Install(string name, string script)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "gpu", Catalog.Llama, name)).FullName;
        File.WriteAllBytes(Path.Combine(folder, "libggml-cuda.so"), [1, 2, 3]);
        _scripts[name] = script;
        return Store.Find(Library(name))!;
    }

    /// <summary>Leaves what a process leaves that is lost while it puts a model on a GPU.</summary>
    public void Lose(string library, int process)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "memory"));
        File.WriteAllBytes(Path.Combine(_folder, "memory", $"{library}.{process}.loading"), []);
    }

    /// <summary>A script that prints stages, and then goes on as it is told.</summary>
    public static string Saying(string then, params string[] lines) => string.Join('\n', lines.Select(static line => $"echo '{line}'").Append(then));

    public static string Working(double device = 10, double processor = 60) => Saying(
        "exit 0",
        """{"stage":"Begun"}""",
        $$"""{"stage":"Loaded","devices":[{{Device}}]}""",
        """{"stage":"Placed"}""",
        """{"stage":"Computed"}""",
        $$"""{"stage":"Done","deviceMs":{{device}},"processorMs":{{processor}}}""");

    public static string Aborting => Saying(
        "kill -ABRT $$",
        """{"stage":"Begun"}""",
        $$"""{"stage":"Loaded","devices":[{{Device}}]}""",
        """{"stage":"Placed"}""",
        """{"stage":"Said","reason":"llama.cpp: CUDA error: the provided PTX was compiled with an unsupported toolchain."}""",
        """{"stage":"Said","reason":"llama.cpp:   current device: 0, in function ggml_cuda_mul_mat_q"}""");

    public static string Failing(string reason) => Saying("exit 1", """{"stage":"Begun"}""", $$"""{"stage":"Failed","reason":"{{reason}}"}""");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ProcessStartInfo StartOf(InstalledGpuLibrary installed)
    {
        Tried.Add(installed.Library.Name);
        return new ProcessStartInfo("/bin/sh", ["-c", _scripts[installed.Library.Name]]);
    }
}
