using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.EndToEnd;

/// <summary>Runs a scenario of <c>session.mjs</c>: the official LSP client against the published server. Each runs once for all tests that read it.</summary>
public sealed class NodeSessions
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };
    private readonly Dictionary<string, Task<SessionReport>> _reports = [];

    public Task<SessionReport> RunAsync(string scenario)
    {
        if (!_reports.TryGetValue(scenario, out var report)) _reports[scenario] = report = RunAsync(scenario, [Places.Server, "lsp", "--stdio"]);
        return report;
    }

    public static async Task<SessionReport> RunAsync(string scenario, IEnumerable<string> server)
    {
        var result = await Shell.RunAsync("node", [Path.Combine(Places.Node, "session.mjs"), scenario, .. server], Limit);
        return JsonSerializer.Deserialize<SessionReport>(result.OrThrow($"session.mjs {scenario}").Output, Json)!;
    }
}

/// <summary>What a scenario saw; a member is null where the scenario has no such part.</summary>
public sealed record SessionReport
{
    public JsonElement Initialize { get; init; }

    /// <summary>What the server logged to the client.</summary>
    public required IReadOnlyList<LogMessage> Messages { get; init; }

    /// <summary>What the client could not read.</summary>
    public required IReadOnlyList<string> ConnectionErrors { get; init; }

    public required OutputReport Output { get; init; }

    public required ExitReport Exit { get; init; }

    /// <summary>From the parent's end to the server's, in milliseconds.</summary>
    public double Milliseconds { get; init; }

    public PositionReport? Position { get; init; }

    public AnswerReport? Whole { get; init; }

    public AnswerReport? InParts { get; init; }

    public AnswerReport? AfterTyping { get; init; }

    public string? Accepted { get; init; }

    public ErrorReport? Unknown { get; init; }

    public string? Shutdown { get; init; }

    public AnswerReport? AfterShutdown { get; init; }

    public AnswerReport? AtOnce { get; init; }

    public AnswerReport? AfterFirstSnapshot { get; init; }

    public AnswerReport? Next { get; init; }

    public AnswerReport? Outdone { get; init; }

    public AnswerReport? Newest { get; init; }
}

/// <param name="Frames">Complete messages on stdout.</param>
/// <param name="Stray">What else was there.</param>
public sealed record OutputReport(int Frames, string Stray);

public sealed record ExitReport(int? Code, string? Signal);

/// <param name="Type">1 is an error, 2 a warning.</param>
/// <param name="Message">The text.</param>
public sealed record LogMessage(int Type, string Message);

public sealed record PositionReport(int Line, int Character);

public sealed record RangeReport(PositionReport Start, PositionReport End);

public sealed record CommandReport(string Title, string Command, IReadOnlyList<JsonElement>? Arguments);

public sealed record ItemReport(string InsertText, RangeReport? Range, CommandReport? Command)
{
    public string? Id => Command?.Arguments?.Single().ToString();
}

public sealed record ItemsReport(IReadOnlyList<ItemReport> Items);

public sealed record ErrorReport(int Code, string Message);

/// <param name="Result">The response, where it is one.</param>
/// <param name="Error">The error, where it is one.</param>
/// <param name="Parts">The values of $/progress, in their order.</param>
public sealed record AnswerReport(ItemsReport? Result, ErrorReport? Error, IReadOnlyList<IReadOnlyList<ItemReport>>? Parts);
