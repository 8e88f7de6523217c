using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Completion.Prompting;

public sealed class LineTokenizerTests
{
    private const string Document = "class A\n{\n    int b;\n\n    int c;\n}\n";

    private readonly WatchedVocabulary _vocabulary = new(new ByteVocabulary());

    [Fact]
    public void A_keystroke_tokenizes_the_line_that_it_changed()
    {
        var tokenizer = new LineTokenizer(_vocabulary);
        Tokens(tokenizer, Document);
        _vocabulary.Asked.Clear();

        var tokens = Tokens(tokenizer, Document.Replace("int c", "int cd", StringComparison.Ordinal));

        Assert.Equal(["    int cd;\n"], _vocabulary.Asked);
        Assert.Equal(_vocabulary.Tokens(Document.Replace("int c", "int cd", StringComparison.Ordinal)), tokens);
    }

    [Fact]
    public void Blank_lines_stay_with_the_line_before_them()
    {
        var tokenizer = new LineTokenizer(_vocabulary);
        _vocabulary.Asked.Clear();

        Tokens(tokenizer, "a\n\n  \n  b\n\t\n");

        Assert.Equal(["a\n\n  \n", "  b\n\t\n"], _vocabulary.Asked);
    }

    [Fact]
    public void A_vocabulary_that_joins_lines_is_asked_for_the_whole_text()
    {
        var vocabulary = new WatchedVocabulary(new WordVocabulary()); // four characters a token, wherever a line ends
        var tokenizer = new LineTokenizer(vocabulary);
        vocabulary.Asked.Clear();

        var tokens = Tokens(tokenizer, Document);

        Assert.Equal([Document], vocabulary.Asked);
        Assert.Equal(vocabulary.Tokens(Document), tokens);
    }

    [Fact]
    public void Lines_that_nobody_asks_for_any_more_are_forgotten_and_those_in_use_are_not()
    {
        var tokenizer = new LineTokenizer(_vocabulary);
        Tokens(tokenizer, "once\n");
        Tokens(tokenizer, "always\n");
        for (var i = 0; i < 20_000; i++)
        {
            Tokens(tokenizer, $"another line {i}\n");
            if (i % 100 == 0) Tokens(tokenizer, "always\n");
        }

        _vocabulary.Asked.Clear();
        Tokens(tokenizer, "always\n");
        Tokens(tokenizer, "once\n");

        Assert.Equal(["once\n"], _vocabulary.Asked);
    }

    [Fact]
    public void A_line_too_long_to_remember_is_tokenized_all_the_same()
    {
        var line = new string('x', 5000) + "\n";

        Assert.Equal(5001, Tokens(new LineTokenizer(_vocabulary), line).Count);
    }

    private static List<int> Tokens(LineTokenizer tokenizer, string text)
    {
        var tokens = new List<int>();
        tokenizer.Tokenize(text, tokens);
        return tokens;
    }

    /// <summary>Notes each text that it is asked for.</summary>
    private sealed class WatchedVocabulary(IVocabulary inner) : IVocabulary
    {
        public List<string> Asked { get; } = [];

        public string ModelName => inner.ModelName;

        public int Size => inner.Size;

        public FimTokens Fim => inner.Fim;

        public int? BeginningOfText => inner.BeginningOfText;

        public int? FindSpecial(string spelling) => inner.FindSpecial(spelling);

        public bool IsEndOfGeneration(int token) => inner.IsEndOfGeneration(token);

        public void Tokenize(ReadOnlySpan<char> text, List<int> tokens)
        {
            Asked.Add(text.ToString());
            inner.Tokenize(text, tokens);
        }

        public ReadOnlySpan<byte> Piece(int token) => inner.Piece(token);

        public List<int> Tokens(string text)
        {
            var tokens = new List<int>();
            inner.Tokenize(text, tokens);
            return tokens;
        }
    }
}
