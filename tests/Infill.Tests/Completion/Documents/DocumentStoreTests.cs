using Infill.Completion.Documents;
using Xunit;

namespace Infill.Tests.Completion.Documents;

public sealed class DocumentStoreTests
{
    private const string Uri = "file:///a.cs";

    private readonly DocumentStore _store = new();

    [Fact]
    public void Each_change_is_measured_in_the_text_left_by_the_one_before_it()
    {
        _store.Open(Uri, "csharp", 1, "ab");

        var result = Change(2, Insert(0, 2, "c\nd"), Insert(1, 1, "e"));

        Assert.Equal("abc\nde", result.Snapshot?.Text.ToString());
    }

    [Fact]
    public void A_snapshot_taken_earlier_is_not_disturbed_by_a_change()
    {
        var before = _store.Open(Uri, "csharp", 1, "ab");

        Change(2, Insert(0, 0, "x"));

        Assert.Equal((1, "ab"), (before.Version, before.Text.ToString()));
    }

    [Fact]
    public void An_edit_outside_the_text_is_reported_once_and_hides_the_document()
    {
        _store.Open(Uri, "csharp", 1, "ab");

        var first = Change(2, Insert(7, 0, "x"));
        var second = Change(3, Insert(0, 0, "x"));

        Assert.Contains("line 7", first.Problem, StringComparison.Ordinal);
        Assert.Null(second.Problem);
        Assert.False(_store.TryGet(Uri, out _));
        Assert.Equal(DocumentState.OutOfStep, _store.StateOf(Uri));
    }

    [Fact]
    public void A_range_that_ends_before_it_starts_puts_the_document_out_of_step()
    {
        _store.Open(Uri, "csharp", 1, "ab");

        var result = Change(2, new TextChange(new TextRange(new(0, 2), new(0, 1)), ""));

        Assert.NotNull(result.Problem);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(4)]
    public void A_version_that_is_not_newer_puts_the_document_out_of_step(int version)
    {
        _store.Open(Uri, "csharp", 5, "ab");

        var result = Change(version, Insert(0, 0, "x"));

        Assert.NotNull(result.Problem);
        Assert.Equal(DocumentState.OutOfStep, _store.StateOf(Uri));
    }

    [Fact]
    public void A_change_to_an_unopened_document_is_reported_once_and_healed_by_its_open()
    {
        var first = Change(1, Insert(0, 0, "x"));
        var second = Change(2, Insert(0, 0, "x"));
        _store.Open(Uri, "csharp", 3, "y");

        Assert.NotNull(first.Problem);
        Assert.Null(second.Problem);
        Assert.True(_store.TryGet(Uri, out _));
    }

    [Fact]
    public void A_full_text_brings_a_document_back_in_step_whatever_its_version()
    {
        _store.Open(Uri, "csharp", 5, "ab");
        Change(6, Insert(9, 9, "x"));

        var result = Change(2, Insert(9, 9, "x"), new TextChange(null, "new"), Insert(0, 3, "er"));

        Assert.Equal((2, "newer"), (result.Snapshot?.Version, result.Snapshot?.Text.ToString()));
        Assert.True(_store.TryGet(Uri, out _));
    }

    [Fact]
    public void One_document_out_of_step_leaves_the_others_alone()
    {
        _store.Open(Uri, "csharp", 1, "ab");
        _store.Open("file:///b.cs", "csharp", 1, "cd");

        Change(2, Insert(7, 0, "x"));

        Assert.Equal(["file:///b.cs"], _store.CurrentDocuments().Select(document => document.Uri));
    }

    [Fact]
    public void A_closed_document_is_forgotten()
    {
        _store.Open(Uri, "csharp", 1, "ab");

        Assert.True(_store.Close(Uri));
        Assert.Equal(DocumentState.NotOpen, _store.StateOf(Uri));
        Assert.False(_store.Close(Uri));
    }

    private static TextChange Insert(int line, int character, string text) =>
        new(new TextRange(new(line, character), new(line, character)), text);

    private ChangeResult Change(int version, params TextChange[] changes) =>
        _store.Change(Uri, version, changes, PositionEncoding.Utf16);
}
