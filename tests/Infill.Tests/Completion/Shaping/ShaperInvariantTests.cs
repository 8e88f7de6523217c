using System.Text;
using Infill.Completion.Documents;
using Infill.Completion.Shaping;
using Infill.Tests.Completion.Documents;
using Xunit;

namespace Infill.Tests.Completion.Shaping;

/// <summary>What must hold for any text, however the model's text is cut into pieces.</summary>
public sealed class ShaperInvariantTests
{
    private static readonly string[] Sources =
    [
        "int Add(int a, int b)\n{\n    if (a > 0)\n    {\n        return a + b;\n    }\n\n    return Sum([a, b]);\n}\n",
        "def add(a, b):\r\n\tif a:\r\n\t\tprint(\"sum: 漢字 😀\", f'{a}')\r\n\treturn a + b\r\n\r\n",
        "const x = {a: [1, 2], b: `t`};\nfoo(x => x.map((y) => y), 'don\\'t');\n}\n}\n}\n",
    ];

    private static readonly string[] Languages = ["", "csharp", "python", "typescript", "rust"];

    [Theory]
    [InlineData(101)]
    [InlineData(102)]
    [InlineData(103)]
    public void A_suggestion_only_grows_and_does_not_depend_on_how_its_text_was_cut(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 4000; i++)
        {
            var document = random.Next(4) == 0 ? RandomText.Next(random, random.Next(40)) : Sources[random.Next(Sources.Length)];
            var cursor = random.Next(document.Length + 1);
            var raw = RawText(random, document, cursor);
            var endedByModel = random.Next(2) == 0;
            var mode = (SuggestionMode?)random.Next(3) is { } some && Enum.IsDefined(some) ? some : (SuggestionMode?)null;
            var options = new ShapingOptions { Mode = mode, MaxLines = random.Next(1, 8) };
            var language = CodeLanguage.ById(Languages[random.Next(Languages.Length)]);
            var context = $"seed {seed}, run {i}, {mode}, {language}: {document.Insert(cursor, "‸")} + {raw}";

            var whole = Run(document, cursor, options, [raw], endedByModel, context, language);

            Assert.True(whole == Run(document, cursor, options, Pieces(random, raw), endedByModel, context, language), context);
            Assert.True(whole == Run(document, cursor, options, raw.Select(c => c.ToString()), endedByModel, context, language), context);
        }
    }

    [Fact]
    public void What_follows_in_a_real_source_is_never_said_again()
    {
        // A model that says the right thing and then goes on with the file: nothing behind the cursor may come.
        foreach (var source in Sources)
        {
            var lines = source.ReplaceLineEndings("\n").Split('\n');
            for (var line = 1; line + 1 < lines.Length; line++)
            {
                var rest = string.Join('\n', lines[(line + 1)..]);
                var above = string.Join('\n', lines[..line]) + "\n";
                var document = above + "\n" + rest;

                var shaped = Run(document, above.Length, ShapingOptions.Default, [lines[line] + "\n" + rest], true, document);

                var isBelow = rest.Split('\n').FirstOrDefault(text => text.Trim().Length > 0)?.Trim() == lines[line].Trim();
                if (!isBelow) Assert.Equal(lines[line].TrimEnd(), shaped);
            }
        }
    }

    private static string Run(
        string document, int cursor, ShapingOptions options, IEnumerable<string> pieces, bool endedByModel, string context, CodeLanguage? language = null)
    {
        var shaper = new CompletionShaper(SuggestionContext.At(SourceText.From(document), cursor, options, language));
        var shown = "";
        var hasEnded = false;
        foreach (var piece in pieces)
        {
            shaper.Append(piece);
            Assert.True(!hasEnded || shown == shaper.Current, "grew after its end: " + context);
            hasEnded = shaper.IsDone;
            shown = Grown(shown, shaper.Current, context);
        }

        return Grown(shown, shaper.Finish(endedByModel), context);
    }

    private static string Grown(string before, string now, string context)
    {
        Assert.True(now.StartsWith(before, StringComparison.Ordinal), $"took back: {context}");
        Assert.True(now.Length == 0 || !char.IsWhiteSpace(now[^1]), $"ends in white space: {context}");
        Assert.True(now.Length == 0 || !char.IsHighSurrogate(now[^1]), $"ends inside a pair: {context}");
        return now;
    }

    /// <summary>Pieces of the document, of what follows the cursor, and of anything: repetitions of all kinds come up.</summary>
    private static string RawText(Random random, string document, int cursor)
    {
        var raw = new StringBuilder();
        for (var parts = random.Next(1, 6); parts > 0; parts--)
        {
            var from = random.Next(2) == 0 ? cursor : random.Next(document.Length + 1);
            var length = random.Next(document.Length - from + 1);
            raw.Append(random.Next(3) == 0 ? RandomText.Next(random, random.Next(12)) : document.Substring(from, length));
        }

        return raw.ToString();
    }

    private static IEnumerable<string> Pieces(Random random, string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var length = Math.Min(random.Next(1, 7), text.Length - start);
            yield return text.Substring(start, length);
            start += length;
        }
    }
}
