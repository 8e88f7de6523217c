using System.CommandLine;
using System.IO.Pipelines;
using Infill.Engine;
using Infill.Server.Gpu;
using Infill.Server.ModelChoice;
using Infill.Server.Settings;
using Infill.Server.Sharing;
using Infill.Server.Statistics;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Infill.Server.Commands;

/// <summary><c>infill lsp</c>: a language server on standard input and output.</summary>
internal static class LspCommand
{
    private const int BufferSize = 64 * 1024;

    public static Command Create()
    {
        var stdio = new Option<bool>("--stdio") { Description = "Speak over standard input and output (the default, and the only way)." };
        var parent = new Option<int?>("--clientProcessId") { Description = "The editor's process, as initialize names it too.", Hidden = true }; // LSP has editors pass it
        var shared = new Option<bool>("--shared") { Description = "Use one engine process for all of your editors; it is started when needed." };
        var model = CommonOptions.Model();
        var template = CommonOptions.Template();
        var verbose = new Option<bool>("--verbose") { Description = "Log more to standard error." };
        var command = new Command("lsp", "Serve an editor over the language server protocol.") { stdio, shared, parent, model, template, verbose };
        command.SetAction((arguments, cancellationToken) =>
            RunAsync(new SettingsLayer { Model = arguments.GetValue(model), Template = arguments.GetValue(template) }, arguments.GetValue(shared), arguments.GetValue(verbose), cancellationToken));
        return command;
    }

    public static Task<int> RunAsync(SettingsLayer given, bool isShared, bool isVerbose, CancellationToken cancellationToken)
    {
        static void Problem(string problem) => Console.Error.WriteLine(problem);
        var own = SettingsSources.Own(Problem);
        var hasModel = InfillSettings.From([.. own, given], static _ => { }).Endpoints.Count == 0; // else there is nothing to share
        if (isShared && hasModel && TryDoor(given) is { } door) return ForwardAsync(door, given, isVerbose, cancellationToken);
        return ServerHost.RunAsync(
            new ServerOptions(OpenInput(), OpenOutput())
            {
                OwnLayers = own,
                CommandLine = given,
                CacheFolder = SettingsSources.CacheFolder,
                Proofs = SettingsSources.Proofs,
                Gpu = GpuSelection.OfUserFor,
                Statistics = StatisticsFile.OfUser,
                LogLevel = isVerbose ? LogLevel.Debug : LogLevel.Warning,
            },
            cancellationToken);
    }

    /// <summary>Null where this machine has no place for a shared engine: suggestions are worth more than the memory.</summary>
    private static EngineDoor? TryDoor(SettingsLayer given)
    {
        var door = new EngineDoor(() => Layers(given), given.Model);
        try
        {
            door.Place.Prepare();
            return door;
        }
        catch (EngineException e)
        {
            Console.Error.WriteLine($"{e.Message} This editor has an engine of its own.");
            return null;
        }
    }

    private static async Task<int> ForwardAsync(EngineDoor door, SettingsLayer given, bool isVerbose, CancellationToken cancellationToken)
    {
        using var logs = LineLoggerProvider.ToStandardError(isVerbose ? LogLevel.Debug : LogLevel.Warning);
        var options = new ForwarderOptions(OpenInput(), OpenOutput(), door)
        {
            Layers = () => Layers(given),
            Variables = ModelPlaces.Variables.Where(static name => Environment.GetEnvironmentVariable(name) is { Length: > 0 })
                .ToDictionary(static name => name, static name => Environment.GetEnvironmentVariable(name)!, StringComparer.Ordinal),
            KeepModel = static model => SettingsFile.SetModel(SettingsSources.UserFile, model),
        };
        return await new Forwarder(options, logs.CreateLogger(nameof(Forwarder))).RunAsync(cancellationToken);
    }

    /// <summary>The user's own settings as they are now, the command line's last.</summary>
    private static IReadOnlyList<SettingsLayer?> Layers(SettingsLayer given) => [.. SettingsSources.Own(static _ => { }), given];

    /// <summary>A thread of its own reads: a pending read of a pipe occupies a thread, and the pool has few.</summary>
    private static PipeReader OpenInput()
    {
        var pipe = new Pipe(new PipeOptions(minimumSegmentSize: BufferSize, useSynchronizationContext: false));
        var thread = new Thread(() =>
        {
            try
            {
                using var input = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
                while (true)
                {
                    var read = input.Read(pipe.Writer.GetSpan(BufferSize));
                    if (read == 0) break;
                    pipe.Writer.Advance(read);
#pragma warning disable VSTHRD002 // this thread exists to wait
                    if (pipe.Writer.FlushAsync().AsTask().GetAwaiter().GetResult().IsCompleted) break;
#pragma warning restore VSTHRD002
                }

                pipe.Writer.Complete();
            }
            catch (IOException e)
            {
                pipe.Writer.Complete(e);
            }
        })
        {
            IsBackground = true,
            Name = "infill-stdin",
        };
        thread.Start();
        return pipe.Reader;
    }

    private static PipeWriter OpenOutput() => PipeWriter.Create(
        new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0),
        new StreamPipeWriterOptions(minimumBufferSize: BufferSize));
}
