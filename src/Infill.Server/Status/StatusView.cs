using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Infill.Server.Status;

/// <summary>Reports as a terminal shows them.</summary>
internal static class StatusView
{
    private const int RecentRows = 6;

    public static IRenderable Of(IReadOnlyList<StatusReport> reports) => new Rows(reports.Select(Of));

    private static Panel Of(StatusReport report)
    {
        var figures = new Grid().AddColumns(4);
        figures.AddRow(
            new Markup($"[bold]{report.TokensPerSecond:F0}[/] tokens/s"),
            new Markup($"[bold]{report.Running}[/] running, [bold]{report.Waiting}[/] waiting"),
            new Markup($"first token [bold]{Milliseconds(report.FirstToken.P50)}[/] (95 %: {Milliseconds(report.FirstToken.P95)})"),
            new Markup($"between tokens [bold]{Milliseconds(report.InterToken.P50)}[/]"));
        figures.AddRow(
            new Markup($"{report.Slots} places"),
            new Markup($"{report.Occupancy?.ToString("F1", CultureInfo.InvariantCulture) ?? "–"} in a step"),
            new Markup($"cache {Percent(report.CacheCapacity > 0 ? (double)report.CacheCells / report.CacheCapacity : 0)} full"),
            new Markup($"{Percent(report.CacheHits)} of prompts from it"));

        var title = $"{Markup.Escape(report.Model)} · {report.State} · process {report.ProcessId} · version {report.Version} · {report.Clients.Count} client{(report.Clients.Count == 1 ? "" : "s")}";
        return new Panel(new Rows(figures, report.Problem is { } problem ? new Markup($"[red]{Markup.Escape(problem)}[/]") : Requests(report), Recent(report))) { Header = new PanelHeader(title), Expand = true };
    }

    private static IRenderable Requests(StatusReport report)
    {
        if (report.Requests.Count == 0) return new Markup("[dim]Nobody asks for anything.[/]");
        var table = Table("client", "state", "prompt", "written", "age");
        foreach (var request in report.Requests)
        {
            var colour = request.Phase switch { "queued" => "yellow", "prefill" => "blue", "decode" => "green", _ => "dim" };
            table.AddRow(Markup.Escape(request.Client), $"[{colour}]{request.Phase}[/]", Number(request.PromptTokens), Number(request.GeneratedTokens), Milliseconds(request.AgeMs));
        }

        return table;
    }

    private static IRenderable Recent(StatusReport report)
    {
        if (report.Recent.Count == 0) return Text.Empty;
        var table = Table("ended last", "why", "prompt", "written", "took");
        foreach (var request in report.Recent.Take(RecentRows))
        {
            var why = request.Reason is "Faulted" or "Overloaded" ? $"[red]{request.Reason}[/]" : request.Reason;
            table.AddRow(Markup.Escape(request.Client), why, Number(request.PromptTokens), Number(request.GeneratedTokens), Milliseconds(request.QueuedMs + request.PrefillMs + request.DecodeMs));
        }

        return table;
    }

    private static Table Table(params string[] columns)
    {
        var table = new Table { Border = TableBorder.None };
        foreach (var column in columns) table.AddColumn(new TableColumn($"[dim]{column}[/]") { Alignment = column is "prompt" or "written" or "age" or "took" ? Justify.Right : Justify.Left });
        return table;
    }

    private static string Milliseconds(double? value) => value switch
    {
        null => "–",
        >= 1000 => $"{(value.Value / 1000).ToString("F1", CultureInfo.InvariantCulture)} s",
        _ => $"{value.Value.ToString("F0", CultureInfo.InvariantCulture)} ms",
    };

    private static string Percent(double? share) => share is { } value ? $"{Math.Round(100 * value).ToString(CultureInfo.InvariantCulture)} %" : "–";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
