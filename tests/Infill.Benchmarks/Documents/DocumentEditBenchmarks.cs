using BenchmarkDotNet.Attributes;
using Infill.Completion.Documents;

namespace Infill.Benchmarks.Documents;

/// <summary>What a keystroke costs in a file of a million characters, and what it takes to find its place.</summary>
[MemoryDiagnoser]
public class DocumentEditBenchmarks
{
    private SourceText _text = SourceText.Empty;
    private TextPosition _middle;

    [Params("ascii", "wide")]
    public string Content { get; set; } = "ascii";

    [GlobalSetup]
    public void Setup()
    {
        var line = Content == "ascii"
            ? "        var total = Add(first, second); // a line of code\n"
            : "        var total = Add(first, second); // une ligne été 漢字 😀\n";
        _text = SourceText.From(string.Concat(Enumerable.Repeat(line, 1_000_000 / line.Length)));
        _middle = _text.PositionAt(_text.Length / 2, PositionEncoding.Utf8);
    }

    [Benchmark]
    public SourceText TypeOneCharacter() => _text.With(_text.Length / 2, 0, "x");

    [Benchmark]
    public SourceText DeleteOneLine() => _text.With(_text.LineStart(9000), 58, "");

    [Benchmark]
    public SourceText PasteHundredKilobytes() => _text.With(_text.Length / 2, 0, Paste);

    [Benchmark]
    public int FindPosition() => _text.TryGetOffset(_middle, PositionEncoding.Utf8, out var offset) ? offset : -1;

    [Benchmark]
    public TextPosition FindOffset() => _text.PositionAt(_text.Length / 2, PositionEncoding.Utf8);

    private static string Paste { get; } = string.Concat(Enumerable.Repeat("pasted line\n", 8_533));
}
