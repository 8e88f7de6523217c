using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Models;
using Infill.Server.Settings;
using Spectre.Console;

namespace Infill.Server.Commands;

/// <summary>A model as <c>infill model list --json</c> has it.</summary>
/// <param name="Name">For the other commands.</param>
/// <param name="Bytes">Of the file: as it lies here, else as the catalogue has it.</param>
/// <param name="Memory">Bytes to run it, about.</param>
/// <param name="Fits">Whether this machine's memory holds that.</param>
/// <param name="IsHere">Whether it can be used now.</param>
/// <param name="IsUsed">Whether it is.</param>
internal sealed record ListedModel(string Name, long Bytes, long Memory, bool Fits, bool IsHere, bool IsUsed)
{
    public string? Template { get; init; }

    public string? Licence { get; init; }

    /// <summary>How many.</summary>
    public string? Languages { get; init; }

    /// <summary>Milliseconds from a key to the first line on this machine, about.</summary>
    public int? FirstLine { get; init; }

    public bool IsRecommended { get; init; }
}

/// <summary>The models that are here, and those that can be had.</summary>
internal static class ModelList
{
    private static long Machine => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public static async Task<int> WriteAsync(ModelStore store, bool isJson, bool isMeasured)
    {
        var speed = SpeedMeasurement.Get(isMeasured);
        var models = Of(store, ModelCommand.Current().ModelPath, speed);
        if (isJson)
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(models, ModelListJsonContext.Default.IReadOnlyListListedModel));
            return ExitCodes.Done;
        }

        AnsiConsole.Write(Table(models));
        if (speed is not null)
        {
            var best = models.FirstOrDefault(static model => model.IsRecommended);
            await Console.Out.WriteLineAsync(best is null
                ? $"For this machine the embedded model is recommended: the others' first line would take longer than {MachineSpeed.GoodMilliseconds:F0} ms."
                : $"For this machine {best.Name} is recommended: the largest whose first line comes in under {MachineSpeed.GoodMilliseconds:F0} ms (about {best.FirstLine} ms, by the measured speed of the embedded model).");
        }

        await Console.Out.WriteLineAsync($"Memory is an estimate; this machine has {Machine / 1e9:F1} GB. Models lie in '{store.Folder}'.");
        return ExitCodes.Done;
    }

    /// <summary>The embedded one, the catalogue by memory, and what else is in the store or in use.</summary>
    /// <param name="store">The user's models.</param>
    /// <param name="used">The file in use.</param>
    /// <param name="speed">By which one is recommended; null recommends none.</param>
    public static IReadOnlyList<ListedModel> Of(ModelStore store, string used, MachineSpeed? speed)
    {
        used = Path.GetFullPath(used);
        var machine = Machine;
        var recommended = speed?.Recommend(machine);
        var embedded = new FileInfo(DefaultModel.Path);
        var here = store.List().ToDictionary(static model => model.Name, StringComparer.Ordinal);
        var models = new List<ListedModel> { Of("embedded", embedded.FullName, embedded.Exists ? embedded.Length : 0) with { Template = "infill", Licence = "MIT", Languages = "8" } };
        foreach (var known in ModelCatalog.All.OrderBy(static model => model.Memory))
        {
            here.Remove(known.Name, out var stored);
            models.Add(new ListedModel(known.Name, stored?.Bytes ?? known.Size, known.Memory, known.Memory <= machine, stored is not null, stored?.Path == used)
            {
                Template = known.Template,
                Licence = known.Licence,
                Languages = known.Languages,
                FirstLine = speed is null ? null : (int)Math.Min(speed.FirstLine(known), int.MaxValue),
                IsRecommended = known == recommended,
            });
        }

        models.AddRange(here.Values.OrderBy(static model => model.Name, StringComparer.Ordinal).Select(model => Of(model.Name, model.Path, model.Bytes)));
        if (!models.Any(static model => model.IsUsed) && new FileInfo(used) is { Exists: true } other) models.Add(Of(other.FullName, other.FullName, other.Length));
        return models;

        ListedModel Of(string name, string path, long bytes)
        {
            var memory = (bytes * 11 / 10) + (bytes > 1 << 30 ? 512L << 20 : 256L << 20);
            return new ListedModel(name, bytes, memory, memory <= machine, IsHere: true, IsUsed: path == used);
        }
    }

    private static Table Table(IReadOnlyList<ListedModel> models)
    {
        var table = new Table().SimpleBorder(); // its widths fit 80 columns; the licence takes what is left
        foreach (var heading in new[] { "", "model", "file", "memory", "line", "prompt" }) table.AddColumn(heading, static column => column.NoWrap().PadRight(1).PadLeft(0));
        table.AddColumn("licence");
        foreach (var model in models)
        {
            table.AddRow(
                new Text(model.IsUsed ? "in use" : model.IsHere ? "here" : model.Fits ? "" : "too big"),
                new Text(model.Name),
                new Text(ModelCommand.Size(model.Bytes)),
                new Text(ModelCommand.Size(model.Memory)),
                new Text(model.FirstLine is { } line ? $"{line} ms" : ""),
                new Text(model.Template ?? ""),
                new Text(model.Licence ?? ""));
        }

        return table;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<ListedModel>))]
[JsonSerializable(typeof(MachineSpeed))]
internal sealed partial class ModelListJsonContext : JsonSerializerContext;
