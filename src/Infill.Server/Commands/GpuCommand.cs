using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Engine.Llama;
using Infill.Models;
using Infill.Models.Gpu;
using Infill.Server.Gpu;
using Infill.Server.Settings;

namespace Infill.Server.Commands;

/// <summary><c>infill gpu</c>: the libraries by which GPUs compute.</summary>
internal static class GpuCommand
{
    private const string All = "all";

    public static Command Create() => new("gpu", "Install, show, try and remove the libraries by which GPUs compute.") { CreateInstall(), CreateList(), CreateProbe(), CreateRemove(), CreateTry() };

    /// <summary>What <c>gpu list</c> shows of a library.</summary>
    internal sealed record Listed(string Name, string Title, string Package, long DownloadBytes, long Bytes, bool IsInstalled, string? Path, ProbeResult? Result);

    /// <summary>What <c>gpu list</c> and <c>gpu probe</c> print with <c>--json</c>.</summary>
    internal sealed record Listing(string? Used, string Summary, string? Remedy, IReadOnlyList<Listed> Libraries);

    private static Command CreateInstall()
    {
        var names = new Argument<string[]>("cuda|cuda12|vulkan|all") { Description = "What to install; without it what fits this machine: both of CUDA where there is an NVIDIA driver, else Vulkan.", Arity = ArgumentArity.ZeroOrMore };
        names.AcceptOnlyFromAmong([.. GpuCatalog.Default.Libraries.Select(static library => library.Name).Distinct(), All]);
        var registry = new Option<string?>("--registry") { Description = "The npm registry or mirror to ask, instead of the one that npm_config_registry or npm's configuration names.", HelpName = "URL" };
        var file = new Option<string?>("--from") { Description = "Take the package from this file, as 'npm pack' fetches it, and ask nobody.", HelpName = "FILE.tgz" };
        var command = new Command("install", "Fetch the libraries by which GPUs compute, check them, and try them in a process of their own. Run again, it goes on where it broke off.") { names, registry, file };
        command.SetAction((arguments, cancellationToken) => ModelCommand.GuardedAsync(() =>
            GpuInstalling.RunAsync(arguments.GetValue(names) ?? [], arguments.GetValue(registry), arguments.GetValue(file), cancellationToken)));
        return command;
    }

    private static Command CreateList()
    {
        var json = CommonOptions.Json();
        var command = new Command("list", "Show the libraries that are here and those that can be had, what came of trying them, and which one is used.") { json };
        command.SetAction((arguments, _) => ModelCommand.GuardedAsync(async () =>
        {
            await WriteAsync(GpuSelection.OfUser, Setting, arguments.GetValue(json));
            return ExitCodes.Done;
        }));
        return command;
    }

    private static Command CreateProbe()
    {
        var json = CommonOptions.Json();
        var command = new Command("probe", "Try every installed library again, each in a process of its own, and say which one is used. Where kernels have to be compiled, that takes a minute, once.") { json };
        command.SetAction((arguments, cancellationToken) => ModelCommand.GuardedAsync(() => ProbeAsync(arguments.GetValue(json), cancellationToken)));
        return command;
    }

    private static Command CreateRemove()
    {
        var names = new Argument<string[]>("cuda|cuda12|vulkan|all") { Description = "What to remove.", Arity = ArgumentArity.OneOrMore };
        names.AcceptOnlyFromAmong([.. GpuCatalog.Default.Libraries.Select(static library => library.Name).Distinct(), All]);
        var command = new Command("remove", "Delete installed libraries, and what was begun of installing them.") { names };
        command.SetAction((arguments, _) => ModelCommand.GuardedAsync(() => RemoveAsync(arguments.GetRequiredValue(names))));
        return command;
    }

    /// <summary>Not for people: the process that may be lost.</summary>
    private static Command CreateTry()
    {
        var name = new Argument<string>("NAME");
        var file = new Argument<string>("FILE");
        var command = new Command("try", "Try a library in this process (started by 'infill gpu probe').") { name, file };
        command.Hidden = true;
        command.SetAction(arguments => Trial.Run(new GpuPlugin(GpuDecision.BackendOf(GpuCatalog.Default.Find(arguments.GetRequiredValue(name))), arguments.GetRequiredValue(file))));
        return command;
    }

    internal static string Setting => InfillSettings.From(SettingsSources.Own(static _ => { }), static _ => { }).Gpu;

    /// <summary>The libraries that the user's words name.</summary>
    /// <exception cref="ModelException">There are none for this machine.</exception>
    internal static IReadOnlyList<GpuLibrary> Named(IReadOnlyList<string> names) => names.Contains(All)
        ? [.. GpuCatalog.Default.Libraries.Select(static library => library.Name).Distinct().Select(GpuCatalog.Default.Find)]
        : [.. names.Distinct().Select(GpuCatalog.Default.Find)];

    private static async Task<int> ProbeAsync(bool isJson, CancellationToken cancellationToken)
    {
        var selection = GpuSelection.OfUser;
        foreach (var installed in selection.Store.List())
        {
            await selection.TryAsync(installed, stage => GpuInstalling.Tell(installed.Library, stage), cancellationToken);
        }

        return (await WriteAsync(selection, Setting, isJson)).IsAmiss ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static async Task<int> RemoveAsync(string[] names)
    {
        var store = GpuStore.OfUser;
        foreach (var library in Named(names))
        {
            var isThere = store.Find(library) is not null;
            store.Remove(library);
            await Console.Out.WriteLineAsync(isThere ? $"{library.Name} is removed; {ModelCommand.Size(library.FileBytes)} are free again." : $"{library.Name} is not installed.");
        }

        return ExitCodes.Done;
    }

    internal static async Task<GpuDecision> WriteAsync(GpuSelection selection, string setting, bool isJson)
    {
        var decision = selection.Decide(setting);
        var listing = new Listing(decision.Chosen?.Library.Name, decision.Summary, decision.Remedy, [.. selection.Store.Catalog.Here.Select(Of)]);
        if (isJson)
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(listing, GpuListingJsonContext.Default.Listing));
            return decision;
        }

        foreach (var library in listing.Libraries)
        {
            var state = library.Name == listing.Used ? "in use" : library.IsInstalled ? "here" : "";
            var about = !library.IsInstalled ? $"can be had: {ModelCommand.Size(library.DownloadBytes)} to fetch, {ModelCommand.Size(library.Bytes)} on disk"
                : library.Result is not { } result ? "not tried as things are now"
                : result.Works ? $"works on {result.Where}: {result.Reason}" : result.Reason;
            await Console.Out.WriteLineAsync($"{state,-6}  {library.Name,-7} {library.Title,-8} {about}");
            if (library.Result?.Remedy is { } remedy) await Console.Out.WriteLineAsync($"{"",-25}→ {remedy}");
        }

        if (listing.Libraries.Count == 0) await Console.Out.WriteLineAsync($"There are no GPU libraries of llama.cpp {selection.Store.Catalog.Llama} for {GpuCatalog.Platform}.");
        await Console.Out.WriteLineAsync($"What computes: {listing.Summary}.");
        if (listing.Remedy is { } mend) await Console.Out.WriteLineAsync($"→ {mend}");
        return decision;

        Listed Of(GpuLibrary library)
        {
            var installed = selection.Store.Find(library);
            return new Listed(library.Name, library.Title, library.Package, library.Bytes, library.FileBytes, installed is not null, installed?.Path, selection.Known(library));
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GpuCommand.Listing))]
internal sealed partial class GpuListingJsonContext : JsonSerializerContext;
