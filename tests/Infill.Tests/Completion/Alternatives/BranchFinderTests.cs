using Infill.Completion.Alternatives;
using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Completion.Alternatives;

/// <summary>Where a first line could have gone on otherwise.</summary>
public sealed class BranchFinderTests
{
    [Fact]
    public void The_likeliest_way_on_comes_first_wherever_in_the_line_it_parts()
    {
        var finder = new BranchFinder(new ByteVocabulary(), default);

        finder.Append(Chunk('a', 0.8, ('b', 0.1)));
        finder.Append(Chunk('c', 0.5, ('d', 0.4)));

        Assert.Equal(["ad", "b"], finder.Best(3).Select(static branch => branch.Text));
        Assert.Equal([['a', 'd'], ['b']], finder.Best(3).Select(static branch => branch.Tokens));
    }

    [Fact]
    public void What_the_model_holds_for_unlikely_is_no_alternative()
    {
        var finder = new BranchFinder(new ByteVocabulary(), default);

        finder.Append(Chunk('a', 0.97, ('b', 0.019)));

        Assert.Empty(finder.Best(3));
    }

    [Fact]
    public void Neither_the_end_of_the_text_nor_a_marker_nor_a_blank_alone_is_one()
    {
        var finder = new BranchFinder(new ByteVocabulary(), default);

        finder.Append(Chunk('a', 0.4, (ByteVocabulary.End, 0.2), (ByteVocabulary.Middle, 0.2), (' ', 0.2)));

        Assert.Empty(finder.Best(3));
    }

    [Fact]
    public void Half_a_character_is_none()
    {
        var finder = new BranchFinder(new ByteVocabulary(), default);

        finder.Append(Chunk('a', 0.5, (0xC3, 0.4)));

        Assert.Empty(finder.Best(3));
    }

    [Fact]
    public void The_typed_part_of_a_word_is_not_said_again_and_must_be_said_whole()
    {
        var finder = new BranchFinder(new ByteVocabulary { Words = ["total", "tot", "top"] }, "to"u8.ToArray());

        finder.Append(Chunk(ByteVocabulary.FirstWord, 0.5, (ByteVocabulary.FirstWord + 2, 0.3), ('t', 0.1)));

        Assert.Equal(["p"], finder.Best(3).Select(static branch => branch.Text));
    }

    [Fact]
    public void Behind_the_first_line_nothing_parts_any_more()
    {
        var finder = new BranchFinder(new ByteVocabulary(), default);

        finder.Append(Chunk('\n', 0.9));
        finder.Append(Chunk('a', 0.9));
        Assert.False(finder.IsComplete);
        finder.Append(Chunk('\n', 0.5, ('b', 0.3)));
        finder.Append(Chunk('c', 0.5, ('d', 0.5)));

        Assert.True(finder.IsComplete);
        Assert.Equal(["\nab"], finder.Best(3).Select(static branch => branch.Text));
    }

    private static GenerationChunk Chunk(int token, double probability, params (int Token, double Probability)[] others) => new("")
    {
        Tokens =
        [
            new TracedToken(token, 0)
            {
                LogProbability = (float)Math.Log(probability),
                Best = [(token, (float)Math.Log(probability)), .. others.Select(static other => (other.Token, (float)Math.Log(other.Probability)))],
            },
        ],
    };
}
