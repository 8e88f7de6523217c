using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Engine.Llama;

/// <summary>Sends what llama.cpp and ggml log to the program's logger. Native threads call in, so lines are assembled under a lock.</summary>
internal static unsafe class LlamaLog
{
    private static readonly Lock Gate = new();
    private static readonly StringBuilder Line = new(); // guarded by Gate
    private static ILogger s_logger = NullLogger.Instance;

    /// <summary>Set while a step of this thread is being aborted on purpose: llama.cpp calls that an error, three times over.</summary>
    [ThreadStatic]
    private static bool t_isAborting;

    private static GgmlLogLevel s_level;                // guarded by Gate
    private static string s_firstError = "";            // guarded by Gate

    /// <summary>Any thread may exchange it; a line that is under way may still go to the one before.</summary>
    internal static ILogger Logger
    {
        get => Volatile.Read(ref s_logger);
        set => Volatile.Write(ref s_logger, value);
    }

    /// <summary>Whether what this thread's native call logs as errors is only the abort that was asked for.</summary>
    internal static bool IsAborting
    {
        get => t_isAborting;
        set => t_isAborting = value;
    }

    internal static void Install() => LlamaNative.LogSet(&Write, null);

    /// <summary>The first error line since the call before this one: the native reason behind a failed call. Those after it are its echoes.</summary>
    internal static string TakeError()
    {
        lock (Gate)
        {
            var error = s_firstError;
            s_firstError = "";
            return error;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Write(GgmlLogLevel level, byte* text, void* userData)
    {
        var piece = Marshal.PtrToStringUTF8((nint)text) ?? "";
        lock (Gate)
        {
            if (level != GgmlLogLevel.Continue) s_level = level;
            Line.Append(piece);
            if (!piece.EndsWith('\n')) return; // a line may come in several calls

            var line = Line.ToString().TrimEnd();
            Line.Clear();
            var isError = s_level == GgmlLogLevel.Error && !t_isAborting;
            if (isError && s_firstError.Length == 0) s_firstError = line;

            try
            {
                // llama.cpp's INFO is a page per model: detail for us.
                Logger.Log(s_level switch
                {
                    GgmlLogLevel.Error when isError => LogLevel.Error,
                    GgmlLogLevel.Error or GgmlLogLevel.Warn => LogLevel.Debug,
                    GgmlLogLevel.Info => LogLevel.Debug,
                    _ => LogLevel.Trace,
                }, "llama.cpp: {Line}", line);
            }
            catch (Exception) // a line is lost: an exception that reached the native caller would end the process
            {
            }
        }
    }
}
