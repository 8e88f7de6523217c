using System.Globalization;

namespace Infill.EndToEnd.Remote;

/// <summary>What servers tell of themselves at <c>/metrics</c>.</summary>
internal static class Prometheus
{
    /// <summary>A metric without labels.</summary>
    /// <exception cref="InvalidOperationException">The server has none of that name.</exception>
    public static async Task<double> ReadAsync(HttpClient http, Uri server, string metric)
    {
        var lines = (await http.GetStringAsync(new Uri(server, "metrics"))).Split('\n');
        var line = lines.First(line => line.StartsWith(metric + ' ', StringComparison.Ordinal));
        return double.Parse(line.AsSpan(metric.Length), CultureInfo.InvariantCulture);
    }
}
