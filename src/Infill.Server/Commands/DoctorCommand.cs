using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Infill.Completion;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Completion.Remote;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Server.Gpu;
using Infill.Server.Handlers;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Commands;

/// <summary><c>infill doctor</c>: what is there, whether it works, how fast, and how to mend what doesn't.</summary>
internal static class DoctorCommand
{
    private const string Sample = "def add(a, b):\n    return ‸\n\nprint(add(1, 2))\n";

    /// <summary>Whether the user names llama.cpp's folder: then no library for a GPU is chosen beside it.</summary>
    private static bool IsLibraryNamed => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(LlamaLibrary.DirectoryVariable));

    private static string OtherModel => $"name another file with --model or in '{SettingsSources.UserFile}', or remove that setting to use the embedded model";

    public static Command Create()
    {
        var model = CommonOptions.Model();
        var template = CommonOptions.Template();
        var command = new Command("doctor", "Check this machine, the native library and the model.") { model, template };
        command.SetAction((arguments, cancellationToken) => RunAsync(new SettingsLayer { Model = arguments.GetValue(model), Template = arguments.GetValue(template) }, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(SettingsLayer given, CancellationToken cancellationToken)
    {
        var findings = new Findings();
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
        findings.Good("program", $"infill {LifecycleHandler.Version} on .NET {Environment.Version}");
        findings.Good("machine", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} cores, {memory:F1} GiB");

        var problems = new List<string>();
        var settings = InfillSettings.From([.. SettingsSources.Own(problems.Add), given], problems.Add);
        foreach (var problem in problems)
        {
            findings.Bad("settings", problem, $"correct '{SettingsSources.UserFile}' or the INFILL_* variable");
        }

        if (problems.Count == 0) findings.Good("settings", File.Exists(SettingsSources.UserFile) ? $"'{SettingsSources.UserFile}'" : "defaults");
        var logger = LineLoggerProvider.ToStandardError(LogLevel.Critical).CreateLogger("Engine");
        if (settings.Endpoints.Count > 0) await CheckEndpointsAsync(findings, settings, logger, cancellationToken);
        if (settings.Endpoints.Count > 0 && !settings.EndpointFallback) return findings.HasBad ? ExitCodes.Failed : ExitCodes.Done; // no model of this machine is used
        var hasFile = CheckFile(findings, settings);
        if (!IsLibraryNamed) await CheckGpuAsync(findings, settings, cancellationToken);
        if (CheckLibrary(findings, settings, logger) && hasFile) await CheckModelAsync(findings, settings, logger, cancellationToken);
        return findings.HasBad ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static async Task CheckEndpointsAsync(Findings findings, InfillSettings settings, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            using var pool = Endpoints.Open(settings, TimeProvider.System, logger);
            var reports = await pool.ExamineAsync(cancellationToken);
            foreach (var report in reports)
            {
                if (report.Problem is { } problem) findings.Bad("endpoint", problem, "start the server, or correct the settings 'endpoints' and those whose names begin with 'endpoint'");
                else findings.Good("endpoint", $"{report.Address}: {report.Description}");
            }

            var service = new RemoteSuggestionService(pool, TimeProvider.System);
            if (reports.Any(static report => report.Problem is null)) await CheckSuggestionAsync(findings, service, settings, cancellationToken);
        }
        catch (EngineException e)
        {
            findings.Bad("endpoint", e.Message, "correct the setting 'endpointKeyFile'");
        }
    }

    private static bool CheckFile(Findings findings, InfillSettings settings)
    {
        try
        {
            var header = ModelLoading.CheckFile(settings.ModelPath);
            var licence = header.Licence.Length > 0 ? header.Licence : "not named in the file";
            findings.Good("model file", $"GGUF {header.Version}, {header.Architecture}, {header.Quantisation}, {header.ParameterCount / 1e6:F0} million weights, vocabulary of {header.VocabularySize}, licence {licence}");
            return true;
        }
        catch (EngineException e)
        {
            findings.Bad("model file", e.Message, OtherModel);
            return false;
        }
    }

    /// <summary>What wasn't tried yet is tried now: that may take a minute, once.</summary>
    private static async Task CheckGpuAsync(Findings findings, InfillSettings settings, CancellationToken cancellationToken)
    {
        var decision = await GpuSelection.OfUser.DecideByTryingAsync(settings.Gpu, GpuInstalling.Tell, cancellationToken);
        if (decision.IsAmiss) findings.Bad("GPU", decision.Summary, decision.Remedy ?? "'infill gpu list' shows more");
        else findings.Good("GPU", decision.Remedy is null ? decision.Summary : $"{decision.Summary}: {decision.Remedy}");
    }

    private static bool CheckLibrary(Findings findings, InfillSettings settings, ILogger logger)
    {
        try
        {
            var (library, _) = GpuSelection.OfUser.Load(settings.Gpu, logger);
            if (IsLibraryNamed) findings.Good("GPU", $"{(library.Devices.Count > 0 ? string.Join(", ", library.Devices.Select(static device => device.Description)) : "the processor")}; {LlamaLibrary.DirectoryVariable} names the library, and that decides");
            findings.Good("llama.cpp", $"{library.Version} in '{library.Directory}'");
            if (library.CpuVariant.Length > 0) findings.Good("CPU variant", library.CpuVariant);
            else findings.Bad("CPU variant", "unknown", "the process's libraries can't be listed here; suggestions may still work");
            return true;
        }
        catch (EngineException e)
        {
            findings.Bad("llama.cpp", e.Message, "build or install Infill again, or set INFILL_LLAMA_DIR to a folder with llama.cpp's libraries");
            return false;
        }
    }

    private static async Task CheckModelAsync(Findings findings, InfillSettings settings, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            var began = Stopwatch.GetTimestamp();
            await using var engine = new CompletionEngine(() => Describe(findings, settings, logger), settings.Engine, TimeProvider.System, logger);
            await engine.Ready.WaitAsync(cancellationToken);
            findings.Good("loading", $"{Stopwatch.GetElapsedTime(began).TotalMilliseconds:F0} ms, {settings.Engine.Threads} threads");
            var options = new TemplateOptions { Named = settings.Template, Proofs = SettingsSources.Proofs, Warn = warning => findings.Good("warning", warning) };
            var service = new CompletionService(engine, TimeProvider.System, options);
            await service.ReadyAsync(cancellationToken);
            await CheckSuggestionAsync(findings, service, settings, cancellationToken);
        }
        catch (EngineException e)
        {
            findings.Bad("model", e.Message, $"{OtherModel}, or change the setting that the message is about");
        }
    }

    private static LlamaModel Describe(Findings findings, InfillSettings settings, ILogger logger)
    {
        var model = ModelLoading.LoadBare(settings, logger);
        findings.Good("model", $"'{model.Path}': {model.ModelName}, {model.Description}, {model.WeightBytes / (double)(1 << 20):F0} MiB, trained on {model.TrainedContext} tokens, {model.Placement}");
        var template = settings.Template ?? FimTemplate.For(model);
        if (template.Order == FimOrder.PrefixOnly && settings.Template is null)
        {
            findings.Bad("FIM tokens", "the model has none, so it can't see what follows the cursor", "choose a model trained to fill in the middle");
        }
        else
        {
            var markers = new BoundTemplate(template, model).MarkersBySpelling().Select(static marker => $"{marker.Key} ({marker.Value})");
            findings.Good("FIM tokens", $"template {template.Name}: {string.Join(", ", markers)}");
        }

        using var runner = model.CreateRunner(settings.Engine);
        findings.Good("KV cache", $"{runner.MaxSequences} sequences of up to {runner.ContextTokens} tokens, {runner.ContextCells * model.CellBytes / (double)(1 << 20):F0} MiB");
        return model;
    }

    private static async Task CheckSuggestionAsync(Findings findings, ISuggestionService service, InfillSettings settings, CancellationToken cancellationToken)
    {
        var cursor = Sample.IndexOf('‸', StringComparison.Ordinal);
        var text = SourceText.From(Sample.Remove(cursor, 1));
        var began = Stopwatch.GetTimestamp();
        TimeSpan? first = null;
        Suggestion? last = null;
        await foreach (var suggestion in service.SuggestAsync(new SuggestionRequest(text, cursor, "sum.py") { Shaping = settings.Shaping }, cancellationToken))
        {
            last = suggestion;
            if (suggestion.Text.Length > 0) first ??= Stopwatch.GetElapsedTime(began);
        }

        if (last is { Text.Length: > 0 })
        {
            findings.Good("suggestion", $"'return {last.Text.ReplaceLineEndings("⏎")}' for a sample");
            findings.Good("speed", Report.Of(last, first, Stopwatch.GetElapsedTime(began), TimeSpan.Zero).Speed);
        }
        else
        {
            findings.Bad("suggestion", last?.Fault ?? "the model suggests nothing for a sample", "try another model with --model");
        }
    }

    /// <summary>Lines of the report, printed as they come.</summary>
    private sealed class Findings
    {
        private readonly Lock _gate = new(); // the engine's thread reports too

        public bool HasBad { get; private set; }

        public void Good(string subject, string finding) => Write($"ok    {subject,-12} {finding}");

        public void Bad(string subject, string finding, string remedy)
        {
            HasBad = true;
            Write($"FAIL  {subject,-12} {finding}\n      {"",-12} → {remedy}");
        }

        private void Write(string line)
        {
            lock (_gate)
            {
                Console.Out.WriteLine(line);
            }
        }
    }
}
