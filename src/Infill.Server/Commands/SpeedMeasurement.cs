using System.Text.Json;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Models;
using Infill.Server.Benchmarking.Traces;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Server.Commands;

/// <summary>Measures the embedded model for about a second, once: the answer is remembered in the cache folder.</summary>
internal static class SpeedMeasurement
{
    private const int PromptTokens = 256, Tokens = 24, Rounds = 3;

    private static string RememberedFile => Path.Combine(SettingsSources.CacheFolder, "speed.json");

    /// <param name="isFresh">Whether to measure although there is an answer.</param>
    /// <returns>Null where it can't be measured: the list then goes without.</returns>
    public static MachineSpeed? Get(bool isFresh)
    {
        if (!isFresh && Remembered() is { } remembered) return remembered;
        try
        {
            var speed = Measure();
            Write(speed);
            return speed;
        }
        catch (EngineException)
        {
            return null; // 'infill doctor' says why
        }
    }

    private static MachineSpeed Measure()
    {
        LlamaLibrary.Load(NullLogger.Instance);
        ModelLoading.CheckFile(DefaultModel.Path);
        using var model = LlamaModel.Load(DefaultModel.Path);
        using var loop = new LlamaBareLoop(model, sequences: 1, PromptTokens + Tokens, new EngineOptions().Threads);
        var cuts = new PromptCuts(model, "speed");
        loop.Run([cuts.Take(PromptTokens)], Tokens); // the first run touches its memory for the first time
        var runs = Enumerable.Range(0, Rounds).Select(_ => loop.Run([cuts.Take(PromptTokens)], Tokens)).ToList();

        // The fastest of each: whatever else ran on this machine only made it slower.
        return new MachineSpeed(
            runs.Min(static run => run.Prefill.TotalMilliseconds) / PromptTokens,
            runs.Min(static run => run.Decode.TotalMilliseconds) / (Tokens - 1),
            model.WeightBytes);
    }

    /// <returns>What was measured before; null where nothing was.</returns>
    public static MachineSpeed? Remembered()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(RememberedFile), ModelListJsonContext.Default.MachineSpeed) is { IsUsable: true } speed ? speed : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static void Write(MachineSpeed speed)
    {
        try
        {
            Directory.CreateDirectory(SettingsSources.CacheFolder);
            File.WriteAllText(RememberedFile, JsonSerializer.Serialize(speed, ModelListJsonContext.Default.MachineSpeed));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is measured again the next time.
        }
    }
}
