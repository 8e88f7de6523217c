using System.Globalization;
using Infill.Models.Gpu;

namespace Infill.Server.Gpu;

/// <summary>What a trial's process said and how it ended → what to make of it. Pure.</summary>
internal static class ProbeOutcome
{
    /// <param name="library">What was tried.</param>
    /// <param name="lines">What it said, in order.</param>
    /// <param name="exitCode">How it ended; null where it had to be ended.</param>
    /// <param name="limit">What it was given.</param>
    /// <param name="error">The end of its standard error.</param>
    public static ProbeResult Of(GpuLibrary library, IReadOnlyList<TrialLine> lines, int? exitCode, TimeSpan limit, string error)
    {
        var devices = lines.LastOrDefault(static line => line.Devices is not null)?.Devices ?? [];
        var last = lines.LastOrDefault(static line => line.Stage != TrialStage.Said);
        if (last?.Stage == TrialStage.Done && exitCode == 0)
        {
            return new ProbeResult(true, $"{last.DeviceMs:F0} ms for what takes the processor {last.ProcessorMs:F0} ms", devices) { DeviceMs = last.DeviceMs, ProcessorMs = last.ProcessorMs };
        }

        if (last?.Stage == TrialStage.Failed && last.Reason is { } reason) return Explain(library, reason, devices);

        var when = (last?.Stage ?? TrialStage.Begun) switch
        {
            TrialStage.Begun => "while the library was loaded",
            TrialStage.Loaded => "while the model was put on it",
            TrialStage.Placed => "in its first steps",
            _ => "in a later step",
        };
        var cause = Cause(lines, error);
        var ended = exitCode switch
        {
            null => $"the trial did not come to an end within {(limit.TotalMinutes >= 2 ? $"{limit.TotalMinutes:F0} minutes" : $"{limit.TotalSeconds:0.#} seconds")}, and stood still {when}",
            > 128 and var signal => $"the trial's process was ended by {Signal(signal - 128)} {when}",
            var code => $"the trial's process ended with {code} {when}",
        };
        if (cause.Length > 0) ended += $" ({cause})";
        return new ProbeResult(false, ended, devices) { Remedy = $"update the GPU's driver and try again with 'infill gpu probe', or take it away with 'infill gpu remove {library.Name}'" };
    }

    /// <summary>A reason in the words of a loader or a driver → ours.</summary>
    private static ProbeResult Explain(GpuLibrary library, string reason, IReadOnlyList<TrialDevice> devices)
    {
        if (MissingLibrary(reason) is { } file) return Missing(file);
        if (After(reason, "undefined symbol: ") is { } symbol)
        {
            return Failed($"the driver's or CUDA's library lacks a function that it needs ({symbol.Split(' ', ',')[0]})", "update the GPU's driver");
        }

        if (reason.Contains("file too short", StringComparison.Ordinal) || reason.Contains("invalid ELF header", StringComparison.Ordinal) ||
            reason.Contains("cannot read file data", StringComparison.Ordinal) || reason.Contains("ELF load command", StringComparison.Ordinal))
        {
            return Damaged(library);
        }

        if (After(reason, "found no GPU.") is { } detail)
        {
            return Failed(detail.Length > 0 ? $"it finds no GPU ({Plain(detail)})" : "it finds no GPU", detail.Contains("insufficient", StringComparison.Ordinal)
                ? "update the NVIDIA driver"
                : "check that the GPU's driver is installed, and that this user or container may use it");
        }

        return Failed(Plain(After(reason, Path.GetFileName(library.File) + ": ") ?? reason), "update the GPU's driver and try again with 'infill gpu probe'");

        ProbeResult Missing(string name) => name switch
        {
            "libcuda.so.1" => Failed("there is no NVIDIA driver (libcuda.so.1 is missing)", "install NVIDIA's driver, or use 'infill gpu install vulkan' for another maker's GPU"),
            "libvulkan.so.1" => Failed("there is no Vulkan loader (libvulkan.so.1 is missing)", "install it with the GPU's Vulkan driver: Debian and Ubuntu call them libvulkan1 and mesa-vulkan-drivers"),
            _ when name.StartsWith("libcu", StringComparison.Ordinal) => Failed(
                $"CUDA's own libraries are missing ({name})",
                $"install {library.Title}'s libcudart and libcublas, which don't come with the driver, or set CUDA_PATH to where they are; or use 'infill gpu install vulkan', which needs neither"),
            _ => Failed($"a library that it needs is missing ({name})", "install that"),
        };

        ProbeResult Failed(string why, string remedy) => new(false, why, devices) { Remedy = remedy };
    }

    /// <summary>What is said of a library's file without a trial.</summary>
    public static ProbeResult Damaged(GpuLibrary library) => new(false, "its file is damaged", []) { Remedy = $"install it again: 'infill gpu install {library.Name}'" };

    /// <summary>What is said of a library that worked, and then not with the model in use.</summary>
    public static ProbeResult Lost(ProbeResult known) => known with
    {
        Works = false,
        Reason = "it worked when it was tried, but two processes in a row were lost when they put their model on it",
        Remedy = "update the GPU's driver or choose another model; then 'infill gpu probe' has it used again",
    };

    /// <summary>The last that native code logged before the end, else the last that it printed.</summary>
    private static string Cause(IReadOnlyList<TrialLine> lines, string error)
    {
        var said = lines.LastOrDefault(static line => line.Stage == TrialStage.Said)?.Reason;
        var printed = error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var line = lines.FirstOrDefault(static line => line.Stage == TrialStage.Said && line.Reason?.Contains("error:", StringComparison.OrdinalIgnoreCase) == true)?.Reason
            ?? said
            ?? printed.LastOrDefault(static each => each.Contains("what():", StringComparison.Ordinal))
            ?? printed.FirstOrDefault(static each => each.Contains("error", StringComparison.OrdinalIgnoreCase));
        return line is null ? "" : Plain(line);
    }

    /// <summary>Without who said it, and not too long.</summary>
    private static string Plain(string line)
    {
        const string Library = "llama.cpp: ";
        if (line.StartsWith(Library, StringComparison.Ordinal)) line = line[Library.Length..];
        line = line.ReplaceLineEndings(" ").Trim().TrimEnd('.');
        return line.Length > 240 ? line[..240] + "…" : line;
    }

    private static string Signal(int number) => number switch
    {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        _ => string.Create(CultureInfo.InvariantCulture, $"signal {number}"),
    };

    /// <returns>What follows the last of these words; null where they aren't there.</returns>
    private static string? After(string text, string words)
    {
        var at = text.LastIndexOf(words, StringComparison.Ordinal);
        return at < 0 ? null : text[(at + words.Length)..].Trim();
    }

    /// <summary>The library that the loader looked for in vain; null where that isn't what it says.</summary>
    private static string? MissingLibrary(string reason)
    {
        var end = reason.IndexOf(": cannot open shared object file", StringComparison.Ordinal);
        return end < 0 ? null : reason[(reason.LastIndexOf(' ', end) + 1)..end];
    }
}
