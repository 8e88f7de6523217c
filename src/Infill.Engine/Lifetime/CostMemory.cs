using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine.Lifetime;

/// <summary>
/// Keeps what steps take from run to run, in a small file for each machine and model: the first prompt after a start is cut as
/// well as the hundredth, and machines that were busy at the start are known to be. Owned by the engine thread.
/// </summary>
/// <remarks>What is remembered only saves learning: a file that is missing, broken or can't be written costs nothing else.</remarks>
internal sealed class CostMemory
{
    /// <summary>Steps that teach something worth the writing.</summary>
    private const int LeastSteps = 64;

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly string? _file;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private long _savedSteps;
    private long _savedAt;

    /// <param name="file">Null remembers nothing.</param>
    /// <param name="time">Says when it is time to write again.</param>
    /// <param name="logger">Hears why nothing could be read or written.</param>
    public CostMemory(string? file, TimeProvider time, ILogger logger)
    {
        _file = file;
        _time = time;
        _logger = logger;
        _savedAt = time.GetTimestamp();
    }

    /// <summary>That of a model on this machine with these options: other threads and layouts take other times.</summary>
    public static CostMemory Of(string model, EngineOptions options, TimeProvider time, ILogger logger)
    {
        if (options.TimesFolder is not { } folder || model.Length == 0) return new CostMemory(file: null, time, logger);
        var key = string.Create(CultureInfo.InvariantCulture, $"{model}\n{Machine()}\n{options.Threads} threads\n{options.Layout}");
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 8));
        return new CostMemory(Path.Combine(folder, $"{name}.json"), time, logger);
    }

    /// <summary>Begins with what an earlier run had learnt, where there is such.</summary>
    public void Restore(StepCost cost)
    {
        if (_file is null || !File.Exists(_file)) return;
        try
        {
            using var stream = File.OpenRead(_file);
            if (JsonSerializer.Deserialize(stream, CostJsonContext.Default.StepCostNumbers) is { Decode: not null, Prefill: not null, Beside: not null } numbers) cost.Import(numbers);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            _logger.LogDebug(e, "The times of an earlier run in '{File}' can't be read; they are learnt anew.", _file);
        }
    }

    /// <summary>Saves once a minute at most, where enough was learnt since.</summary>
    public void SaveNowAndThen(StepCost cost, long steps)
    {
        if (_time.GetElapsedTime(_savedAt) >= Pause) Save(cost, steps);
    }

    /// <summary>Saves where enough was learnt since the last time.</summary>
    public void Save(StepCost cost, long steps)
    {
        if (_file is null || steps - _savedSteps < LeastSteps) return;
        (_savedSteps, _savedAt) = (steps, _time.GetTimestamp());
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
            var whole = $"{_file}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}"; // moved into place: two servers, or replicas, may end at once
            File.WriteAllBytes(whole, JsonSerializer.SerializeToUtf8Bytes(cost.Export(), CostJsonContext.Default.StepCostNumbers));
            File.Move(whole, _file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.LogDebug(e, "What steps take can't be kept in '{File}'; the next run learns it anew.", _file);
        }
    }

    /// <summary>What times depend on, as far as the system tells.</summary>
    private static string Machine()
    {
        var processor = OperatingSystem.IsLinux() && File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal))
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return string.Create(CultureInfo.InvariantCulture, $"{RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} cores, {processor}");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StepCostNumbers))]
internal sealed partial class CostJsonContext : JsonSerializerContext;
