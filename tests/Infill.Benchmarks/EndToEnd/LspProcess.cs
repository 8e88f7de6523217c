using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Infill.Benchmarks.EndToEnd;

/// <summary>A message and when its last byte was read, as <see cref="Stopwatch"/> counts.</summary>
internal sealed record Arrival(JsonNode Message, long At);

/// <summary>A server process and a plain client of it: no library between the clock and the pipe.</summary>
internal sealed class LspProcess : IDisposable
{
    private readonly Process _process;
    private readonly Stream _input;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<Arrival>> _pending = new();
    private readonly ConcurrentDictionary<string, Action<Arrival>> _progress = new(StringComparer.Ordinal);
    private readonly Lock _writeGate = new();
    private int _lastId;
    private int _strayAnswers;

    public LspProcess(string program, params string[] arguments)
    {
        StartedAt = Stopwatch.GetTimestamp();
        _process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["INFILL_STATISTICS"] = "0" }, // nobody reads what it suggests
        })!;
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginErrorReadLine();
        _input = _process.StandardInput.BaseStream;
        new Thread(ReadLoop) { IsBackground = true, Name = "bench-reader" }.Start();
    }

    public long StartedAt { get; }

    /// <summary>What the process has had of all cores together.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes of its memory that are in use.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public int ProcessId => _process.Id;

    /// <summary>Answers to no open request: there must never be one.</summary>
    public int StrayAnswers => Volatile.Read(ref _strayAnswers);

    /// <summary>What the server wrote into the editor's log; called on the reader's thread.</summary>
    public Action<string>? Logged { get; set; }

    /// <summary>What the server had the editor put before the user's eyes; called on the reader's thread.</summary>
    public Action<string>? Shown { get; set; }

    /// <summary>The published program, or what <c>INFILL_PROGRAM</c> names.</summary>
    public static string PublishedProgram()
    {
        if (Environment.GetEnvironmentVariable("INFILL_PROGRAM") is { Length: > 0 } named) return named;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Lsp.sln"))) continue;
            var program = Path.Combine(folder.FullName, "src/Infill.Server/bin/Release/net10.0/linux-x64/publish/infill");
            if (File.Exists(program)) return program;
        }

        throw new FileNotFoundException("Publish first: dotnet publish src/Infill.Server -c Release -r linux-x64");
    }

    public (int Id, Task<Arrival> Answer) Request(string method, JsonNode parameters)
    {
        var id = Interlocked.Increment(ref _lastId);
        var answer = new TaskCompletionSource<Arrival>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = answer;
        Send(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id, ["method"] = method, ["params"] = parameters });
        return (id, answer.Task);
    }

    public void Notify(string method, JsonNode parameters) =>
        Send(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = method, ["params"] = parameters });

    public void OnProgress(string token, Action<Arrival> handler) => _progress[token] = handler;

    /// <summary>Shakes hands.</summary>
    /// <returns>When the answer to initialize was read.</returns>
    public async Task<long> InitializeAsync(bool isGrowing)
    {
        var answer = await Request("initialize", new JsonObject
        {
            ["processId"] = null,
            ["rootUri"] = null,
            ["capabilities"] = new JsonObject { ["textDocument"] = new JsonObject { ["inlineCompletion"] = new JsonObject() } },
            ["initializationOptions"] = new JsonObject { ["infill"] = new JsonObject { ["snapshots"] = isGrowing ? "growing" : "finished", ["typingThrough"] = false, ["confidence"] = 0, ["contextTokens"] = 0 } },
        }).Answer;
        Notify("initialized", new JsonObject());
        return answer.At;
    }

    public void Open(string uri, string text, int version = 1) => Notify("textDocument/didOpen", new JsonObject
    {
        ["textDocument"] = new JsonObject { ["uri"] = uri, ["languageId"] = "csharp", ["version"] = version, ["text"] = text },
    });

    public void Insert(string uri, int version, int line, int character, string text) => Notify("textDocument/didChange", new JsonObject
    {
        ["textDocument"] = new JsonObject { ["uri"] = uri, ["version"] = version },
        ["contentChanges"] = new JsonArray(new JsonObject
        {
            ["range"] = new JsonObject { ["start"] = At(line, character), ["end"] = At(line, character) },
            ["text"] = text,
        }),
    });

    public (int Id, Task<Arrival> Answer) Complete(string uri, int line, int character, string? partialToken = null)
    {
        var parameters = new JsonObject
        {
            ["textDocument"] = new JsonObject { ["uri"] = uri },
            ["position"] = At(line, character),
            ["context"] = new JsonObject { ["triggerKind"] = 2 },
        };
        if (partialToken is not null) parameters["partialResultToken"] = partialToken;
        return Request("textDocument/inlineCompletion", parameters);
    }

    public void Close(string uri) =>
        Notify("textDocument/didClose", new JsonObject { ["textDocument"] = new JsonObject { ["uri"] = uri } });

    public void Cancel(int id) => Notify("$/cancelRequest", new JsonObject { ["id"] = id });

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static JsonObject At(int line, int character) => new() { ["line"] = line, ["character"] = character };

    private void Send(JsonObject message)
    {
        var body = Encoding.UTF8.GetBytes(message.ToJsonString());
        var header = Encoding.ASCII.GetBytes($"Content-Length: {body.Length}\r\n\r\n");
        byte[] frame = [.. header, .. body];
        lock (_writeGate)
        {
            _input.Write(frame);
            _input.Flush();
        }
    }

    private void ReadLoop()
    {
        var output = _process.StandardOutput.BaseStream;
        try
        {
            while (ReadFrame(output) is { } body)
            {
                var at = Stopwatch.GetTimestamp();
                Dispatch(new Arrival(JsonNode.Parse(body)!, at));
            }
        }
        catch (IOException)
        {
            // The process was ended.
        }
    }

    private static byte[]? ReadFrame(Stream output)
    {
        var header = new StringBuilder();
        while (!header.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var next = output.ReadByte();
            if (next < 0) return null;
            header.Append((char)next);
        }

        var length = int.Parse(header.ToString().AsSpan()["Content-Length: ".Length..].TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture);
        var body = new byte[length];
        output.ReadExactly(body);
        return body;
    }

    private void Dispatch(Arrival arrival)
    {
        var message = arrival.Message;
        if (message["method"] is { } method)
        {
            if (message["id"] is { } asked) Send(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = asked.DeepClone(), ["result"] = null });
            else if ((string?)method == "$/progress" && message["params"]!["token"] is JsonValue token &&
                _progress.TryGetValue(token.ToString(), out var handler)) handler(arrival);
            else if ((string?)method == "window/logMessage") Logged?.Invoke((string)message["params"]!["message"]!);
            else if ((string?)method == "window/showMessage") Shown?.Invoke((string)message["params"]!["message"]!);
        }
        else if (message["id"] is { } id && _pending.TryRemove((int)id, out var answer))
        {
            answer.SetResult(arrival);
        }
        else
        {
            Interlocked.Increment(ref _strayAnswers);
        }
    }
}
