using Infill.Completion.Documents;
using Infill.Server.Benchmarking.Traces;
using Infill.Server.Benchmarking.Typing;

namespace Infill.Tests.Server.Benchmarking;

public sealed class TypingTraceTests
{
    private static readonly TraceFile s_file = new("a.txt", "plaintext", "one\ntwo\nthree\nfour\nfive\n");

    public static TheoryData<string> Names => [.. TraceFile.All.Select(static file => file.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_keys_type_what_was_cut_out_so_that_the_file_is_whole_again(string name)
    {
        var file = TraceFile.All.Single(file => file.Name == name);

        var trace = new TypingTrace(file, keys: 100_000);

        var text = trace.Start;
        foreach (var key in trace.Keys)
        {
            var change = new TextChange(new TextRange(key.Before, key.Before), key.Typed.ToString());
            text = text.With(change, PositionEncoding.Utf16);
            Assert.Equal(key.Text.Length, text.Length);
        }

        Assert.Equal(file.Text, text.ToString());
        Assert.Equal(file.Text, trace.Keys[^1].Text.ToString());
    }

    [Fact]
    public void Whole_lines_are_cut_and_the_last_is_typed_as_far_as_the_keys_reach()
    {
        var trace = new TypingTrace(s_file, keys: 8);

        Assert.Equal("one\ntwo\nthree\n\n", trace.Start.ToString());
        Assert.Equal("one\ntwo\nthree\nfour\nfiv\n", trace.Keys[^1].Text.ToString());
        Assert.All(trace.Keys, static key => Assert.False(key.IsTextAfter));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("return", false)]
    [InlineData("return\n", true)]
    [InlineData("\n", false)]
    [InlineData("\n    return", false)]
    [InlineData("\n    return\n", true)]
    [InlineData("\r\nreturn\r\n", true)]
    public void A_first_line_is_complete_at_its_break_and_one_that_leads_to_it_does_not_count(string text, bool isComplete) =>
        Assert.Equal(isComplete, FirstLine.IsComplete(text));

    [Theory]
    [InlineData("", "")]
    [InlineData("return  ", "return")]
    [InlineData("\r\n    return\r\nx", "    return")]
    public void What_is_seen_of_a_first_line_has_no_break_and_no_blanks_at_its_end(string text, string line) =>
        Assert.Equal(line, FirstLine.Of(text).ToString());

    [Fact]
    public void What_the_usual_peer_is_sent_is_the_text_around_the_cursor()
    {
        var key = new TypingTrace(s_file, keys: 2).Keys[1];

        var request = UsualRequest.At(key);

        Assert.Equal(key.Text.ToString() + "\n", request.InputPrefix + request.Prompt + request.InputSuffix);
        Assert.DoesNotContain('\n', request.Prompt);
    }
}
