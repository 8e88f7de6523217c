using Infill.Evaluation.Places;

namespace Infill.Tests.Evaluation;

public sealed class CrossFileSamplerTests
{
    private static readonly SourceFile s_definer = new("demo/Gauges.cs", "csharp", "public static class Gauges\n{\n    public static int ReadGauge(int number) => number;\n}\n");
    private static readonly SourceFile s_once = new("demo/Panel.cs", "csharp", "class Panel\n{\n    int a = 1 + ReadGauge(1);\n}\n");
    private static readonly SourceFile s_twice = new("demo/Board.cs", "csharp", "class Board\n{\n    int a = 1 + ReadGauge(1);\n    int b = 2 + ReadGauge(2);\n}\n");

    [Fact]
    public void A_place_is_on_a_line_that_uses_another_open_files_name()
    {
        var places = new CrossFileSampler([s_definer, s_once, s_twice], seed: 3).Take(12);

        Assert.NotEmpty(places);
        Assert.All(places, static place => Assert.Contains(s_definer, place.OpenFiles));
        Assert.All(places, static place => Assert.Contains("ReadGauge", LineOf(place), StringComparison.Ordinal));
    }

    [Fact]
    public void A_place_says_whether_the_name_is_to_be_written_and_whether_its_file_shows_it_elsewhere()
    {
        var places = new CrossFileSampler([s_definer, s_once, s_twice], seed: 3).Take(12);

        Assert.All(places, static place => Assert.Equal(Expected(place), place.Group));
        Assert.Equal(3, places.Select(static place => place.Group).Distinct().Count());

        static string Expected(Place place) => !place.Truth.Contains("ReadGauge", StringComparison.Ordinal)
            ? CrossFileSampler.Behind
            : place.File == s_once ? CrossFileSampler.AheadNew : CrossFileSampler.AheadKnown;
    }

    [Fact]
    public void The_same_seed_gives_the_same_places_whatever_process_asks()
    {
        // Hashes of names differ from process to process: the line's first name is taken, not the one of the least hash.
        var twoNames = new SourceFile("demo/Two.cs", "csharp", "class Two\n{\n    int a = ReadGauge(ReadOther(1));\n}\n");
        var other = new SourceFile("demo/Others.cs", "csharp", "public static class Others\n{\n    public static int ReadOther(int number) => number;\n}\n");

        var places = new CrossFileSampler([s_definer, other, twoNames], seed: 1).Take(4);

        Assert.NotEmpty(places);
        Assert.All(places, static place => Assert.Equal(place.Truth.Contains("ReadGauge", StringComparison.Ordinal), place.Group == CrossFileSampler.AheadNew));
    }

    private static string LineOf(Place place)
    {
        var start = place.File.Text.LastIndexOf('\n', place.Start - 1) + 1;
        return place.File.Text[start..place.End];
    }
}
