using System.Collections.Concurrent;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Microsoft.Extensions.Logging;

namespace Infill.Server;

/// <summary>One place that log lines go to.</summary>
/// <param name="least">Lines below this level are not written.</param>
/// <param name="write">Any thread; must not throw.</param>
internal sealed class LineLoggerProvider(LogLevel least, Action<LogLevel, string, string> write) : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, LineLogger> _loggers = new(StringComparer.Ordinal);

    /// <summary>stderr: stdout belongs to the protocol.</summary>
    public static LineLoggerProvider ToStandardError(LogLevel least) => new(least, static (level, category, line) =>
        Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss.fff} {Abbreviate(level)} {category}: {line}"));

    /// <summary>The editor's own log.</summary>
    public static LineLoggerProvider ToClient(ClientLink client) => new(LogLevel.Information, (level, category, line) =>
    {
        // What is wrong with a message is on stderr each time; whoever it concerns tells the user, once.
        if (category == nameof(Connection) && level < LogLevel.Error) return;
        client.Log(level switch
        {
            >= LogLevel.Error => MessageType.Error,
            LogLevel.Warning => MessageType.Warning,
            _ => MessageType.Info,
        }, line);
    });

    public ILogger CreateLogger(string categoryName) => _loggers.GetOrAdd(categoryName, name => new LineLogger(this, Short(name)));

    public void Dispose()
    {
    }

    private static string Short(string category) => category[(category.LastIndexOf('.') + 1)..];

    private static string Abbreviate(LogLevel level) => level switch
    {
        LogLevel.Critical => "crit ",
        LogLevel.Error => "error",
        LogLevel.Warning => "warn ",
        LogLevel.Information => "info ",
        LogLevel.Debug => "debug",
        _ => "trace",
    };

    private sealed class LineLogger(LineLoggerProvider owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= owner.Least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            var line = formatter(state, exception);
            owner.Write(logLevel, category, exception is null ? line : $"{line} {exception}");
        }
    }

    private LogLevel Least => least;

    private void Write(LogLevel level, string category, string line) => write(level, category, line);
}
