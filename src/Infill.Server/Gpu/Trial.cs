using System.Diagnostics;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Models;
using Infill.Server.Sharing;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Gpu;

/// <summary>The process that tries a library, and may be lost over it.</summary>
internal static class Trial
{
    /// <param name="plugin">What to try.</param>
    /// <returns>The exit code.</returns>
    public static int Run(GpuPlugin plugin)
    {
        UnixNative.LeaveNoCore();
        EndWithParent();
        Say(new TrialLine(TrialStage.Begun));
        try
        {
            if (plugin.Backend is GpuBackend.Cuda or GpuBackend.Cuda12 && !GpuMachine.CanLoad(GpuMachine.CudaDriver))
            {
                throw new EngineException($"{GpuMachine.CudaDriver}: cannot open shared object file"); // before the loader names what is missing besides
            }

            var logger = new LineLoggerProvider(LogLevel.Error, static (_, _, line) => Say(new TrialLine(TrialStage.Said) { Reason = line })).CreateLogger("Engine");
            var library = LlamaLibrary.Load(logger, plugin);
            Say(new TrialLine(TrialStage.Loaded) { Devices = [.. library.Devices.Select(TrialDevice.Of)] });
            ModelLoading.CheckFile(DefaultModel.Path);
            var times = GpuTrial.Run(
                library, DefaultModel.Path, EngineOptions.DefaultThreads,
                loaded: static () => Say(new TrialLine(TrialStage.Placed)),
                computed: static () => Say(new TrialLine(TrialStage.Computed)));
            Say(new TrialLine(TrialStage.Done) { DeviceMs = Math.Round(times.Device.TotalMilliseconds, 1), ProcessorMs = Math.Round(times.Processor.TotalMilliseconds, 1) });
            return ExitCodes.Done;
        }
        catch (EngineException e)
        {
            Say(new TrialLine(TrialStage.Failed) { Reason = e.Message });
            return ExitCodes.Failed;
        }
    }

    /// <summary>A line of its own, whatever native code printed before it.</summary>
    private static void Say(TrialLine line)
    {
        lock (Console.Out)
        {
            Console.Out.Write($"\n{line}\n");
            Console.Out.Flush();
        }
    }

    /// <summary>Nobody waits for the answer of a trial whose parent is gone, and what hangs in a driver ends by force alone.</summary>
    private static void EndWithParent()
    {
        var thread = new Thread(static () =>
        {
            while (Console.In.Read() >= 0)
            {
                // Nothing is said to us: only the end matters.
            }

            using var self = Process.GetCurrentProcess();
            self.Kill();
        })
        {
            IsBackground = true,
            Name = "infill-parent",
        };
        thread.Start();
    }
}
