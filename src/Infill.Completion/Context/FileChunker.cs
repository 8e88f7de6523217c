using System.Collections.Immutable;
using System.Text;
using Infill.Completion.Documents;

namespace Infill.Completion.Context;

/// <summary>Cuts a file into chunks of whole lines, where the code itself has its joints. Pure.</summary>
internal static class FileChunker
{
    /// <summary>Some 150 tokens: several of them fit a prompt, and a short method fits one.</summary>
    public const int MostCharacters = 600;

    public const int MostLines = 16;

    /// <summary>A blank line ends a chunk that has as many.</summary>
    private const int LeastLines = 5;

    /// <summary>Longer lines are data, or were written by a program.</summary>
    private const int LongestLine = 240;

    /// <param name="path">The file's name in prompts.</param>
    /// <param name="text">Its text.</param>
    /// <returns>In their order; lines that look like secrets, and very long ones, are in none.</returns>
    public static ImmutableArray<ContextChunk> Cut(string path, SourceText text)
    {
        var chunks = ImmutableArray.CreateBuilder<ContextChunk>();
        var lines = new List<Line>();
        var characters = 0;
        var bytes = 0;
        for (var number = 0; number < text.LineCount; number++)
        {
            var start = text.LineStart(number);
            var end = text.LineEnd(number);
            var next = number + 1 < text.LineCount ? text.LineStart(number + 1) : text.Length;
            if (end - start > LongestLine)
            {
                bytes += Encoding.UTF8.GetByteCount(text.Substring(start, next - start));
                Flush();
                continue;
            }

            var words = text.Substring(start, end - start);
            var line = new Line(number, words, bytes);
            bytes = line.EndByte + next - end; // a break is one byte a character
            if (SecretScan.IsTokenLine(words))
            {
                Flush();
                continue;
            }

            if (line.IsBlank && (lines.Count == 0 || lines.Count >= LeastLines))
            {
                Flush();
                continue;
            }

            while (lines.Count > 0 && (lines.Count >= MostLines || characters + words.Length > MostCharacters)) FlushUpTo(Joint());
            lines.Add(line);
            characters += words.Length + 1;
        }

        Flush();
        return chunks.ToImmutable();

        void Flush() => FlushUpTo(lines.Count);

        void FlushUpTo(int count)
        {
            if (Chunk(path, lines.GetRange(0, count)) is { } chunk) chunks.Add(chunk);
            lines.RemoveRange(0, count);
            characters = lines.Sum(static line => line.Text.Length + 1);
        }

        // The least indented line of the second half begins the next chunk, so that a definition keeps its body.
        int Joint()
        {
            var best = lines.Count;
            for (var i = lines.Count - 1; i > lines.Count / 2; i--)
            {
                if (!lines[i].IsBlank && (best == lines.Count || lines[i].Indentation < lines[best].Indentation)) best = i;
            }

            return best;
        }
    }

    /// <summary>Null where there are only blank lines.</summary>
    private static ContextChunk? Chunk(string path, List<Line> lines)
    {
        var last = lines.FindLastIndex(static line => !line.IsBlank);
        if (last < 0) return null;
        var first = lines.FindIndex(static line => !line.IsBlank);
        var kept = lines.GetRange(first, last - first + 1);
        var names = new HashSet<int>();
        var defined = new HashSet<int>();
        foreach (var line in kept)
        {
            Identifiers.AddTo(names, line.Text);
            Definitions.AddTo(defined, line.Text);
        }

        return new ContextChunk(path, kept[0].Number, kept.Count, string.Join('\n', kept.Select(static line => line.Text)))
        {
            Bytes = kept[0].StartByte..kept[^1].EndByte,
            Names = Identifiers.Sorted(names),
            Defined = Identifiers.Sorted(defined),
        };
    }

    private readonly record struct Line(int Number, string Text, int StartByte)
    {
        public int EndByte { get; } = StartByte + Encoding.UTF8.GetByteCount(Text);

        public bool IsBlank { get; } = string.IsNullOrWhiteSpace(Text);

        public int Indentation { get; } = Text.Length - Text.AsSpan().TrimStart().Length;
    }
}
