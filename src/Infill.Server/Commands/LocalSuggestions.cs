using Infill.Completion;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Commands;

/// <summary>The local model for one command: loaded when it is first asked for, freed with it. Owned by one thread.</summary>
internal sealed class LocalSuggestions(InfillSettings settings, ILogger logger) : IAsyncDisposable
{
    private CompletionEngine? _engine;
    private CompletionService? _service;

    public ISuggestionService Service
    {
        get
        {
            _engine ??= new CompletionEngine(() => ModelLoading.Load(settings, logger), settings.Engine, TimeProvider.System, logger);
            return _service ??= new CompletionService(
                _engine, TimeProvider.System, new TemplateOptions { Named = settings.Template, Proofs = SettingsSources.Proofs, Warn = Console.Error.WriteLine });
        }
    }

    public ValueTask DisposeAsync() => _engine?.DisposeAsync() ?? ValueTask.CompletedTask;
}
