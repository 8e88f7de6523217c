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
    private static GgmlLogLevel s_level;                // guarded by Gate
    private static string s_lastError = "";             // guarded by Gate

    internal static ILogger Logger { get; set; } = NullLogger.Instance;

    internal static void Install() => LlamaNative.LogSet(&Write, null);

    /// <summary>The last error line since the call before this one: the native reason behind a failed call.</summary>
    internal static string TakeLastError()
    {
        lock (Gate)
        {
            var error = s_lastError;
            s_lastError = "";
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
            if (s_level == GgmlLogLevel.Error) s_lastError = line;

            // llama.cpp's INFO is a page per model: detail for us.
            Logger.Log(s_level switch
            {
                GgmlLogLevel.Error => LogLevel.Error,
                GgmlLogLevel.Warn => LogLevel.Debug,
                GgmlLogLevel.Info => LogLevel.Debug,
                _ => LogLevel.Trace,
            }, "llama.cpp: {Line}", line);
        }
    }
}
