using Infill.Evaluation.Places;

namespace Infill.Tests.Evaluation;

public sealed class PlaceSamplerTests
{
    private const string Text =
        """
        class Counter
        {
            private int _count;

            public int Add(int number, int factor)
            {
                _count = _count + Multiply(number, factor);
                return _count;
            }

            private static int Multiply(int number, int factor)
            {
                var product = Math.Clamp(number * factor, 0, 100);
                return product;
            }
        }
        """;

    private static readonly SourceFile s_file = new("Counter.cs", "csharp", Text);

    [Fact]
    public void The_same_seed_gives_the_same_places_and_more_of_them_begin_alike()
    {
        var few = new PlaceSampler([s_file], seed: 7).Take(5);
        var many = new PlaceSampler([s_file], seed: 7).Take(10);

        Assert.Equal(5, few.Count);
        Assert.Equal(few, many.Take(5));
        Assert.NotEqual(few, new PlaceSampler([s_file], seed: 8).Take(5));
    }

    [Fact]
    public void Each_kind_cuts_the_hole_that_it_says()
    {
        var places = Enumerable.Range(0, 20).SelectMany(static seed => new PlaceSampler([s_file], seed).Take(5)).ToList();

        Assert.Equal(Enum.GetValues<PlaceKind>(), places.Select(static place => place.Kind).Distinct().Order());
        Assert.All(places, static place =>
        {
            Assert.Equal(Text, place.Before + place.Truth + place.After);
            Assert.False(char.IsWhiteSpace(place.Truth[^1]));
            switch (place.Kind)
            {
                case PlaceKind.EndOfLine:
                    Assert.StartsWith("\n", place.After, StringComparison.Ordinal);
                    break;
                case PlaceKind.MiddleOfWord:
                    Assert.StartsWith("\n", place.After, StringComparison.Ordinal);
                    Assert.True(IsWord(place.Before[^1]) && IsWord(place.Truth[0]));
                    break;
                case PlaceKind.MiddleOfLine:
                    Assert.Contains(place.After.Split('\n')[0], char.IsLetterOrDigit);
                    break;
                case PlaceKind.CallArguments:
                    Assert.True(place.Before[^1] == '(' && place.After[0] == ')');
                    break;
                default:
                    Assert.EndsWith("{\n        ", place.Before, StringComparison.Ordinal);
                    break;
            }
        });
    }

    [Fact]
    public void A_file_on_disk_is_called_by_its_path_in_the_folder()
    {
        var folder = Directory.CreateTempSubdirectory("infill-sampler").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "a", "node_modules"));
        File.WriteAllText(Path.Combine(folder, "a", "b.py"), string.Concat(Enumerable.Repeat("x = 1\n", 200)));
        File.WriteAllText(Path.Combine(folder, "a", "node_modules", "c.js"), string.Concat(Enumerable.Repeat("x = 1\n", 200)));
        File.WriteAllText(Path.Combine(folder, "short.py"), "x = 1\n");

        var files = SourceFile.Collect([folder]);

        Assert.Equal([("a/b.py", "python")], files.Select(static file => (file.Path, file.Language)));
        Directory.Delete(folder, recursive: true);
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';
}
