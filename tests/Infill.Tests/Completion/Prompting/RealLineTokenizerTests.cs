using System.Runtime.CompilerServices;
using Infill.Completion.Prompting;
using Infill.Engine.Llama;
using Infill.Tests.Engine.Llama;

namespace Infill.Tests.Completion.Prompting;

[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class RealLineTokenizerTests
{
    [Fact]
    public void Line_by_line_the_default_model_s_tokens_are_those_of_the_whole_text()
    {
        using var model = DefaultModel.Load();
        var tokenizer = new LineTokenizer(model);
        var random = new Random(1);
        var files = Directory.GetFiles(SourceFolder(), "*.cs", SearchOption.AllDirectories);
        Assert.True(files.Length > 50);
        for (var i = 0; i < 500; i++)
        {
            var file = File.ReadAllText(files[random.Next(files.Length)]).ReplaceLineEndings("\n");
            if (i % 3 == 1) file = file.Replace("    ", "\t", StringComparison.Ordinal);
            if (i % 3 == 2) file = file.Replace("\n\n", "\n \n", StringComparison.Ordinal);
            var start = random.Next(file.Length);
            var text = file.Substring(start, random.Next(Math.Min(2000, file.Length - start)));

            Assert.Equal(Whole(model, text), Lines(tokenizer, text));
        }
    }

    [Fact]
    public void The_default_model_s_vocabulary_proves_separable()
    {
        using var model = DefaultModel.Load();
        var tokenizer = new LineTokenizer(model);

        Assert.True(tokenizer.IsSeparable);
    }

    private static List<int> Whole(LlamaModel model, string text)
    {
        var tokens = new List<int>();
        model.Tokenize(text, tokens);
        return tokens;
    }

    private static List<int> Lines(LineTokenizer tokenizer, string text)
    {
        var tokens = new List<int>();
        tokenizer.Tokenize(text, tokens);
        return tokens;
    }

    private static string SourceFolder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../../src"));
}
