using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Infill.Completion;
using Infill.Completion.Context;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Server.Context;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Commands;

/// <summary><c>infill complete</c>: one suggestion for a place in a file, streamed to the terminal.</summary>
internal static class CompleteCommand
{
    public static Command Create()
    {
        var place = new Argument<string>("PATH:LINE[:COL]")
        {
            Description = "A place in a file; lines and columns count from 1, and without a column the line's end is meant.",
        };
        var json = CommonOptions.Json();
        var explain = new Option<bool>("--explain") { Description = "Say too which bytes of which files the prompt has, and why." };
        var maxTokens = new Option<int?>("--max-tokens") { Description = "Tokens to generate at most.", HelpName = "N" };
        var model = CommonOptions.Model();
        var template = CommonOptions.Template();
        var command = new Command("complete", "Suggest what to write at a place in a file.") { place, json, explain, maxTokens, model, template };
        command.SetAction((arguments, cancellationToken) => RunAsync(
            arguments.GetRequiredValue(place),
            arguments.GetValue(json),
            arguments.GetValue(explain),
            new SettingsLayer { MaxTokens = arguments.GetValue(maxTokens), Model = arguments.GetValue(model), Template = arguments.GetValue(template) },
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string place, bool isJson, bool isExplained, SettingsLayer given, CancellationToken cancellationToken)
    {
        if (!FilePlace.TryRead(place, out var found, out var problem)) return await FailAsync(problem, ExitCodes.BadArguments);
        if (Refusal(Path.GetFullPath(found.Path)) is { } refusal) return await FailAsync($"Nothing is suggested in '{found.Path}': {refusal}", ExitCodes.Failed);
        if (given.MaxTokens is < 1 or > 1024) return await FailAsync($"--max-tokens is {given.MaxTokens}; it must be between 1 and 1024.", ExitCodes.BadArguments);

        if (given.Template is { } name && name != "auto" && FimTemplates.Named(name) is null)
        {
            return await FailAsync($"There is no template '{name}'; there are auto, {string.Join(", ", FimTemplates.All.Select(static each => each.Name))}.", ExitCodes.BadArguments);
        }

        var problems = new List<string>();
        var settings = InfillSettings.From([.. SettingsSources.Own(problems.Add), given], problems.Add);
        foreach (var sentence in problems)
        {
            await Console.Error.WriteLineAsync(sentence);
        }

        var logger = LineLoggerProvider.ToStandardError(LogLevel.Critical).CreateLogger("Engine"); // failures come as exceptions
        var single = OneRequest(settings);
        var began = Stopwatch.GetTimestamp();
        try
        {
            await using var local = new LocalSuggestions(single, logger);
            using var pool = single.Endpoints.Count > 0 ? Endpoints.Open(single, TimeProvider.System, logger) : null;
            var completions = pool is null ? local.Service : Endpoints.Suggest(pool, single, TimeProvider.System, () => local.Service);
            return await SuggestAsync(completions, single, found, isJson, isExplained, began, cancellationToken);
        }
        catch (EngineException e)
        {
            return await FailAsync(e.Message, ExitCodes.Failed);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }

    private static async Task<int> SuggestAsync(
        ISuggestionService completions, InfillSettings settings, FilePlace place, bool isJson, bool isExplained, long began, CancellationToken cancellationToken)
    {
        await completions.ReadyAsync(cancellationToken);
        var loaded = Stopwatch.GetTimestamp();
        var request = settings.RequestAt(place.Text, place.Cursor, place.Name) with
        {
            Priority = RequestPriority.Invoked,
            Context = await SiblingContext.ChooseAsync(place.Path, place.Text, place.Cursor, settings.Prompt.ContextTokens, cancellationToken),
        };
        var explained = isExplained ? Conversions.ToLsp(await completions.ExplainAsync(request, cancellationToken)) : null;
        if (explained is not null && !isJson) await Console.Error.WriteLineAsync(Explanation.Render(explained));

        var shown = "";
        TimeSpan? firstText = null;
        Suggestion? last = null;
        await foreach (var suggestion in completions.SuggestAsync(request, cancellationToken))
        {
            last = suggestion;
            if (suggestion.Text.Length > shown.Length)
            {
                firstText ??= Stopwatch.GetElapsedTime(loaded);
                if (!isJson) await WriteAsync(suggestion.Text[shown.Length..]);
                shown = suggestion.Text;
            }
        }

        if (last!.Finish == FinishReason.Cancelled) return ExitCodes.Interrupted;
        if (last.Fault is { } fault) return await FailAsync(fault, ExitCodes.Failed);
        var report = Report.Of(last, firstText, Stopwatch.GetElapsedTime(loaded), Stopwatch.GetElapsedTime(began, loaded));
        if (isJson)
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(report with { Prompt = explained }, ReportJsonContext.Default.Report));
            return ExitCodes.Done;
        }

        if (shown.Length > 0) await WriteAsync("\n");
        else await Console.Error.WriteLineAsync("Nothing to suggest here.");
        await Console.Error.WriteLineAsync(report.ToString());
        return ExitCodes.Done;
    }

    /// <summary>Why no part of a file may enter a prompt; null where it may.</summary>
    private static string? Refusal(string file)
    {
        if (SecretScan.IsSecretName(file.Replace('\\', '/'))) return "its name says that it holds secrets.";
        return IgnoreRules.ForSuggestions().IsIgnored(file, []) ? ".infillignore names it." : null;
    }

    private static async Task WriteAsync(string text)
    {
        await Console.Out.WriteAsync(text);
        await Console.Out.FlushAsync(); // seen as it is decoded
    }

    /// <summary>A context for one request costs less memory and time to make.</summary>
    private static InfillSettings OneRequest(InfillSettings settings) => settings with
    {
        Engine = settings.Engine with { MaxSequences = 1, MaxRunning = 1 },
    };

    private static async Task<int> FailAsync(string message, int exitCode)
    {
        await Console.Error.WriteLineAsync(message);
        return exitCode;
    }
}
