using System.CommandLine;
using Infill.Models;
using Infill.Models.Gguf;
using Infill.Server.Settings;

namespace Infill.Server.Commands;

/// <summary><c>infill model</c>: which models there are, and the one that is used.</summary>
internal static class ModelCommand
{
    internal const string Embedded = "embedded";

    public static Command Create() => new("model", "Show, pull, check, remove and choose models.") { CreateList(), CreatePull(), CreateVerify(), CreateRemove(), CreateUse() };

    private static Command CreateList()
    {
        var json = CommonOptions.Json();
        var measure = new Option<bool>("--measure") { Description = "Measure this machine again; the first time it is done anyway, for a second or two." };
        var command = new Command("list", "Show the models that are here and those that can be had, with what fits this machine's memory, and which of them is fast enough on it.") { json, measure };
        command.SetAction((arguments, _) => GuardedAsync(() => ModelList.WriteAsync(ModelStore.OfUser, arguments.GetValue(json), arguments.GetValue(measure))));
        return command;
    }

    private static Command CreatePull()
    {
        var wanted = new Argument<string>("NAME|OWNER/REPO:FILE|URL") { Description = "A model of 'infill model list', a GGUF file of the hub, or the address of one." };
        var name = new Option<string?>("--name") { Description = "What to call it here.", HelpName = "NAME" };
        var sha256 = new Option<string?>("--sha256") { Description = "What the file must be, where the hub doesn't say.", HelpName = "HEX" };
        var command = new Command("pull", "Fetch a model from the hub that HF_ENDPOINT or the setting 'hub' names. HF_TOKEN, HTTPS_PROXY and NO_PROXY are honoured; run again, it goes on where it broke off.")
        {
            wanted, name, sha256,
        };
        command.SetAction((arguments, cancellationToken) => GuardedAsync(() => ModelPullProgress.RunAsync(
            arguments.GetRequiredValue(wanted), arguments.GetValue(name), arguments.GetValue(sha256), Current().Hub, cancellationToken)));
        return command;
    }

    private static Command CreateVerify()
    {
        var name = new Argument<string?>("NAME") { Description = "A model of 'infill model list', or a GGUF file; without it all that are here.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("verify", "Check models: headers, lengths, and the SHA-256 of what was pulled.") { name };
        command.SetAction((arguments, cancellationToken) => GuardedAsync(() => VerifyAsync(arguments.GetValue(name), cancellationToken)));
        return command;
    }

    private static Command CreateRemove()
    {
        var name = Named("A model of 'infill model list' that is here.");
        var command = new Command("remove", "Delete a model, and what was begun of pulling it.") { name };
        command.SetAction((arguments, _) => GuardedAsync(() => RemoveAsync(arguments.GetRequiredValue(name))));
        return command;
    }

    private static Command CreateUse()
    {
        var name = Named($"A model of 'infill model list' that is here, a GGUF file, or '{Embedded}' for the one that comes with the program.");
        var command = new Command("use", "Have editors and commands use a model: writes 'model' into your settings file.") { name };
        command.SetAction((arguments, _) => GuardedAsync(() => UseAsync(arguments.GetRequiredValue(name))));
        return command;
    }

    private static Argument<string> Named(string description) => new("NAME") { Description = description };

    private static async Task<int> VerifyAsync(string? name, CancellationToken cancellationToken)
    {
        var store = ModelStore.OfUser;
        IReadOnlyList<StoredModel> models = name is null ? store.List() : [Find(store, name)];
        if (models.Count == 0) await Console.Out.WriteLineAsync($"There is no model in '{store.Folder}'; the embedded one is used.");
        var hasBad = false;
        foreach (var model in models)
        {
            try
            {
                var header = await ModelStore.VerifyAsync(model, progress: null, cancellationToken);
                var hash = model.Origin is null ? "whole by its header; it was not pulled, so there is no SHA-256 to compare" : $"SHA-256 {model.Origin.Sha256}";
                await Console.Out.WriteLineAsync($"ok    {model.Name}: {Describe(header)}; {hash}");
            }
            catch (ModelException e)
            {
                hasBad = true;
                await Console.Out.WriteLineAsync($"FAIL  {model.Name}: {e.Message}");
            }
        }

        return hasBad ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static async Task<int> RemoveAsync(string name)
    {
        var store = ModelStore.OfUser;
        if (store.Find(name) is not { } model) throw Unknown(store, name);
        if (Path.GetFullPath(Current().ModelPath) == model.Path) throw new ModelException($"'{name}' is the model in use. Choose another first: 'infill model use {Embedded}'.");
        store.Remove(name);
        await Console.Out.WriteLineAsync($"{name} is removed; {Size(model.Bytes)} are free again.");
        return ExitCodes.Done;
    }

    private static async Task<int> UseAsync(string name)
    {
        var path = name == Embedded ? null : Find(ModelStore.OfUser, name).Path;
        var header = GgufHeader.Read(path ?? DefaultModel.Path);
        SettingsFile.SetModel(SettingsSources.UserFile, path);
        await Console.Out.WriteLineAsync($"{name} is used from the next start of an editor or command on ('{SettingsSources.UserFile}'): {Describe(header)}.");
        if (!header.Fim.CanFill) await Console.Error.WriteLineAsync("Its header names no fill-in-the-middle tokens: it may not see what follows the cursor. 'infill doctor' says more.");
        if (Environment.GetEnvironmentVariable(SettingsSources.VariablePrefix + "MODEL") is { Length: > 0 } variable)
        {
            await Console.Error.WriteLineAsync($"The variable {SettingsSources.VariablePrefix}MODEL is stronger than the file and names '{variable}'; unset it.");
        }

        return ExitCodes.Done;
    }

    /// <summary>A model of the store by name, or any file by path.</summary>
    internal static StoredModel Find(ModelStore store, string name)
    {
        if (store.Find(name) is { } stored) return stored;
        if (!name.Contains('/', StringComparison.Ordinal) && !name.EndsWith(ModelStore.Ending, StringComparison.OrdinalIgnoreCase)) throw Unknown(store, name);
        var file = new FileInfo(name);
        if (!file.Exists) throw new ModelException($"The model file '{file.FullName}' does not exist.");
        return new StoredModel(name, file.FullName, file.Length, Origin: null);
    }

    private static ModelException Unknown(ModelStore store, string name) => new(
        ModelCatalog.Find(name) is null
            ? $"There is no model '{name}'. 'infill model list' shows which there are."
            : $"'{name}' is not in '{store.Folder}' yet: 'infill model pull {name}' fetches it.");

    internal static InfillSettings Current() => InfillSettings.From(SettingsSources.Own(static _ => { }), static _ => { });

    internal static string Describe(GgufHeader header)
    {
        var fim = header.Fim.CanFill ? "fills in the middle" : "no fill-in-the-middle tokens";
        return $"{header.Architecture}, {header.Quantisation}, {header.ParameterCount / 1e9:0.##} thousand million weights, {fim}";
    }

    /// <summary>For people: GB as disks are sold in.</summary>
    internal static string Size(long bytes) => bytes >= 1_000_000_000 ? $"{bytes / 1e9:F1} GB" : $"{bytes / 1e6:F0} MB";

    internal static async Task<int> GuardedAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (ModelException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }
}
