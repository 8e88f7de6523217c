using System.Globalization;
using System.Text;
using Infill.Server.Status;

namespace Infill.Server.Http;

/// <summary>The engine's figures in Prometheus' text format: llama-server's under its names, then what only we have.</summary>
internal static class MetricsText
{
    public static string Of(StatusSource status)
    {
        var text = new StringBuilder();
        var statistics = status.Statistics;
        var prompt = statistics.Total("infill.tokens.prompt") - statistics.Total("infill.tokens.cached");
        var (prefill, decode) = (statistics.Total("infill.time.prefill"), statistics.Total("infill.time.decode"));
        var generated = statistics.Total("infill.tokens.generated");
        var (steps, sequences) = statistics.Values("infill.batch.occupancy").Total;
        var report = status.Report();

        Counter("llamacpp:prompt_tokens_total", "Number of prompt tokens processed, excluding cached tokens", Math.Max(prompt, 0));
        Counter("llamacpp:prompt_tokens_cached_total", "Number of prompt tokens reused from the cache", statistics.Total("infill.tokens.cached"));
        Counter("llamacpp:prompt_seconds_total", "Total time spent processing prompts", prefill);
        Counter("llamacpp:tokens_predicted_total", "Number of generation tokens processed", generated);
        Counter("llamacpp:tokens_predicted_seconds_total", "Total time spent generating tokens", decode);
        Counter("llamacpp:n_decode_total", "Total number of llama_decode() calls", steps);
        Counter("llamacpp:spec_decode_num_draft_tokens_total", "Speculative: Total draft tokens generated", statistics.Total("infill.tokens.drafted"));
        Counter("llamacpp:spec_decode_num_accepted_tokens_total", "Speculative: Total draft tokens accepted by the target model", statistics.Total("infill.tokens.accepted"));
        Gauge("llamacpp:prompt_tokens_seconds", "Average prompt throughput in tokens/s", prefill > 0 ? prompt / prefill : 0);
        Gauge("llamacpp:predicted_tokens_seconds", "Average generation throughput in tokens/s", decode > 0 ? generated / decode : 0);
        Gauge("llamacpp:requests_processing", "Number of requests processing", report.Running);
        Gauge("llamacpp:requests_deferred", "Number of requests deferred", report.Waiting);
        Gauge("llamacpp:n_busy_slots_per_decode", "Average number of busy slots per llama_decode() call", steps > 0 ? sequences / steps : 0);

        Counter("infill:tokens_wasted_total", "Tokens computed after a stop was asked for", statistics.Total("infill.tokens.wasted"));
        Counter("infill:contexts_lost_total", "Contexts given up because a step failed, overran or hung", statistics.Total("infill.contexts.lost"));
        Gauge("infill:cache_cells", "KV cells held or promised", report.CacheCells);
        Gauge("infill:cache_cells_capacity", "KV cells there are", report.CacheCapacity);
        Head("infill:requests_finished_total", "Requests that ended, by reason", "counter");
        foreach (var (reason, count) in statistics.Finished.OrderBy(static pair => pair.Key, StringComparer.Ordinal)) Line($"infill:requests_finished_total{{reason=\"{reason}\"}}", count);
        Summary("infill:time_to_first_token_seconds", "From submission to the first token", "gen_ai.server.time_to_first_token", 1);
        Summary("infill:request_duration_seconds", "From submission to the end", "gen_ai.server.request.duration", 1);
        Summary("infill:inter_token_seconds", "Between two tokens of one generation", "infill.inter_token", 0.001);
        Summary("infill:step_seconds", "One model call", "infill.step", 0.001);
        return text.ToString();

        void Counter(string name, string help, double value) => Single(name, help, "counter", value);

        void Gauge(string name, string help, double value) => Single(name, help, "gauge", value);

        void Single(string name, string help, string type, double value)
        {
            Head(name, help, type);
            Line(name, value);
        }

        void Summary(string name, string help, string instrument, double unit)
        {
            var values = statistics.Values(instrument);
            Head(name, help, "summary");
            foreach (var share in (ReadOnlySpan<double>)[0.5, 0.95, 0.99])
            {
                if (values.Percentile(share) is { } value) Line($"{name}{{quantile=\"{share.ToString(CultureInfo.InvariantCulture)}\"}}", value * unit);
            }

            var (count, sum) = values.Total;
            Line(name + "_sum", sum * unit);
            Line(name + "_count", count);
        }

        void Head(string name, string help, string type) => text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

        void Line(string name, double value) => text.Append(name).Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}
