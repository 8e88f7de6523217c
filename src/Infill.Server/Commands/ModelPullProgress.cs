using Infill.Models;
using Infill.Models.Gguf;
using Infill.Models.Pulling;
using Infill.Server.ModelChoice;
using Spectre.Console;

namespace Infill.Server.Commands;

/// <summary><c>infill model pull</c>: how far it is, on the terminal where there is one.</summary>
internal static class ModelPullProgress
{
    /// <param name="wanted">What the user named.</param>
    /// <param name="name">What to call it; null for its own name.</param>
    /// <param name="sha256">What it must be; null for what the hub says.</param>
    /// <param name="configured">The hub of the settings; <c>HF_ENDPOINT</c> is stronger.</param>
    /// <param name="cancellationToken">Ctrl+C: what was fetched stays for the next time.</param>
    /// <exception cref="ModelException">It could not be had.</exception>
    public static async Task<int> RunAsync(string wanted, string? name, string? sha256, string? configured, CancellationToken cancellationToken)
    {
        var (pull, source) = ModelPlaces.OfUser.Pull(wanted, name, sha256, configured);
        var (model, wasThere) = await ShowAsync(source.Name, progress => pull.RunAsync(source, progress, cancellationToken));

        var header = GgufHeader.Read(model.Path);
        if (wasThere) await Console.Out.WriteLineAsync($"{model.Name} is here already: '{model.Path}'. 'infill model verify {model.Name}' checks it.");
        else await Console.Out.WriteLineAsync($"{model.Name} is here: {ModelCommand.Describe(header)}, {ModelCommand.Size(model.Bytes)}, SHA-256 {model.Origin?.Sha256}.");
        await Console.Out.WriteLineAsync($"'infill model use {model.Name}' has it used.");
        return ExitCodes.Done;
    }

    /// <summary>Shows how far it is, on standard error where that is a terminal.</summary>
    /// <param name="name">What is fetched.</param>
    /// <param name="run">Fetches it, telling how far it is.</param>
    internal static async Task<T> ShowAsync<T>(string name, Func<IProgress<PullProgress>?, Task<T>> run)
    {
        if (Console.IsErrorRedirected) return await run(null);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(display => run(new Shown(display.AddTask(Markup.Escape(name), maxValue: double.MaxValue))));
    }

    /// <summary>Reports where they are made, in order.</summary>
    private sealed class Shown(ProgressTask task) : IProgress<PullProgress>
    {
        public void Report(PullProgress value)
        {
            if (value.Total is { } total) task.MaxValue = total;
            task.Value = value.Done;
        }
    }
}
