using System.Text.Json;
using Infill.Evaluation.Places;
using Infill.Evaluation.Sides;

namespace Infill.Evaluation.Reporting;

/// <summary>Answers as they come, a line each, so that a run can be cut into slices: what a file has is not asked again.</summary>
internal sealed class ResultFile : IDisposable
{
    private readonly Dictionary<(string Side, string Place), Answer> _answers = [];
    private readonly StreamWriter? _writer;

    private ResultFile(string? path)
    {
        if (path is null) return;
        if (File.Exists(path))
        {
            foreach (var line in File.ReadLines(path))
            {
                var entry = JsonSerializer.Deserialize<Entry>(line)!;
                _answers[(entry.Side, entry.Place)] = entry.Answer;
            }
        }

        _writer = new StreamWriter(path, append: true) { AutoFlush = true };
    }

    /// <summary>Reads a file, or begins it; without one answers are kept in memory alone.</summary>
    /// <exception cref="JsonException">It is no file of results.</exception>
    public static ResultFile Open(string? path) => new(path);

    public Answer? Find(ISide side, Place place) => _answers.GetValueOrDefault((side.Name, Id(place)));

    public void Add(ISide side, Place place, Answer answer)
    {
        _answers[(side.Name, Id(place))] = answer;
        _writer?.WriteLine(JsonSerializer.Serialize(new Entry(side.Name, Id(place), answer)));
    }

    public void Dispose() => _writer?.Dispose();

    /// <summary>A place is the same one in another run where its hole is, whatever its number.</summary>
    private static string Id(Place place) => $"{place.File.Path}:{place.Start}-{place.End}";

    private sealed record Entry(string Side, string Place, Answer Answer);
}
