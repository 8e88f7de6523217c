using System.Diagnostics;
using System.Text.Json;
using Infill.Completion;
using Infill.Completion.Context;
using Infill.Completion.Documents;
using Infill.Completion.Shaping;
using Infill.Engine;
using Infill.Evaluation.Places;
using Infill.Server.Settings;

namespace Infill.Evaluation.Sides;

/// <summary>The pipeline as the server has it: document and other files → prompt → engine → shaped suggestion.</summary>
/// <param name="name">The column's.</param>
/// <param name="settingsText">What was asked for; empty for the defaults.</param>
/// <param name="settings">What that means.</param>
/// <param name="engine">Shared by all sides.</param>
/// <param name="workspaces">The other files; null where only those are there that a place says are open.</param>
internal sealed class InfillSide(string name, string settingsText, InfillSettings settings, Lazy<CompletionEngine> engine, Workspaces? workspaces) : ISide
{
    /// <summary>A busy machine is not to make a suggestion worse.</summary>
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(1);

    private readonly Lazy<CompletionService> _service = new(() => new CompletionService(engine.Value, TimeProvider.System));

    public string Name => name;

    public string What => settingsText.Length == 0 ? "the default settings, the package's other files as its workspace" : settingsText;

    /// <param name="argument"><c>NAME=JSON</c>: settings as in <c>config.json</c>; or <c>NAME=-RULE,-RULE</c>: the defaults without some rules.</param>
    /// <param name="settings">What was read; those of the engine are not used.</param>
    /// <param name="problem">What is wrong with it.</param>
    public static bool TryParse(string argument, out (string Name, string Text, InfillSettings Settings) settings, out string problem)
    {
        settings = default;
        var found = "";
        var split = argument.IndexOf('=', StringComparison.Ordinal);
        if (split <= 0)
        {
            problem = $"--column is '{argument}'; write NAME=JSON, such as line={{\"mode\":\"line\"}}.";
            return false;
        }

        var value = argument[(split + 1)..];
        if (value.StartsWith('-'))
        {
            var defaults = InfillSettings.From([], static _ => { });
            if (TryLeaveOut(value.Split(','), out var rules, out problem)) settings = (argument[..split], value, defaults with { Shaping = defaults.Shaping with { Rules = rules } });
            return problem.Length == 0;
        }

        try
        {
            var layer = JsonSerializer.Deserialize(argument[(split + 1)..], SettingsJsonContext.Default.SettingsLayer);
            settings = (argument[..split], argument[(split + 1)..], InfillSettings.From([layer], sentence => found = sentence));
        }
        catch (JsonException e)
        {
            found = $"--column '{argument}' is no JSON: {e.Message}";
        }

        problem = found;
        return problem.Length == 0;
    }

    private static bool TryLeaveOut(IEnumerable<string> names, out ShapingRules rules, out string problem)
    {
        rules = ShapingRules.Default;
        problem = "";
        foreach (var name in names)
        {
            switch (name.TrimStart('-').Split(':'))
            {
                case ["delimiters"]:
                    rules = rules with { Delimiters = false };
                    break;
                case ["completion"]:
                    rules = rules with { Completion = false };
                    break;
                case ["scope"]:
                    rules = rules with { Scope = false };
                    break;
                case ["rejoin"]:
                    rules = rules with { RejoinLength = 0 };
                    break;
                case ["rejoin", var length] when int.TryParse(length, out var characters):
                    rules = rules with { RejoinLength = characters };
                    break;
                default:
                    problem = $"There is no rule '{name}' to leave out; there are -delimiters, -completion, -scope, -rejoin and -rejoin:CHARACTERS.";
                    return false;
            }
        }

        return true;
    }

    public async Task<Answer> AskAsync(Place place, CancellationToken cancellationToken)
    {
        var request = settings.RequestAt(SourceText.From(place.Document), place.Start, place.File.Path) with
        {
            Priority = RequestPriority.Invoked, // the whole prompt, however slow the machine is at the moment
            Deadline = s_deadline,
            Context = await ContextAsync(place),
        };

        var asked = Stopwatch.GetTimestamp();
        double? firstText = null;
        Suggestion? last = null;
        await foreach (var suggestion in _service.Value.SuggestAsync(request, cancellationToken))
        {
            if (suggestion.Text.Length > 0) firstText ??= Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
            last = suggestion;
        }

        var whole = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
        if (last!.Fault is { } fault) throw new EngineException(fault);
        return new Answer(Place.Lf(last.Text), last.Scores, firstText, whole, last.Usage?.GeneratedTokens ?? 0);
    }

    /// <summary>As a session has it that has just come to the place.</summary>
    private async Task<IReadOnlyList<ContextChoice>> ContextAsync(Place place)
    {
        if (settings.Prompt.ContextTokens == 0) return [];
        var index = workspaces?.Of(place.File) ?? new ContextIndex(static _ => true);
        if (workspaces is null) index.Refresh(place.OpenFiles.Select(static file => new ContextSource(file.Path, file.Path, SourceText.From(file.Text))), active: "");
        await index.Settled;
        return new ContextChooser(index, TimeProvider.System).Choose(place.File.Path, place.File.Path, SourceText.From(place.Document), place.Start, settings.Prompt.ContextTokens);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask; // the engine is shared, and the run's
}
