using System.Xml.Linq;

namespace Infill.Tests.Scenarios;

/// <summary>Dependencies point one way: Server → Completion → Engine, Server → Protocol, Server → Models. Server alone composes them.</summary>
public sealed class DependencyTests
{
    [Theory]
    [InlineData("Infill.Server", "Infill.Completion,Infill.Models,Infill.Protocol")]
    [InlineData("Infill.Completion", "Infill.Engine")]
    [InlineData("Infill.Engine", "")]
    [InlineData("Infill.Models", "")]
    [InlineData("Infill.Protocol", "")]
    public void A_project_refers_to_those_it_may_know_and_no_other(string project, string others)
    {
        var file = XDocument.Load(Path.Combine(Repository.Root, "src", project, project + ".csproj"));

        var references = file.Descendants("ProjectReference").Select(static reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));

        Assert.Equal(others, string.Join(',', references.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void There_is_no_project_that_this_test_does_not_know()
    {
        var projects = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension);

        Assert.Equal(
            ["Infill.Completion", "Infill.Engine", "Infill.Models", "Infill.Protocol", "Infill.Server"], projects.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("infill", "Infill.Completion,Infill.Engine,Infill.Models,Infill.Protocol")]
    [InlineData("Infill.Completion", "Infill.Engine")]
    [InlineData("Infill.Engine", "")]
    [InlineData("Infill.Models", "")]
    [InlineData("Infill.Protocol", "")]
    public void What_is_built_knows_no_more_than_that(string assembly, string others)
    {
        var built = System.Reflection.Assembly.Load(assembly);

        var references = built.GetReferencedAssemblies().Select(static name => name.Name!).Where(static name => name.StartsWith("Infill.", StringComparison.Ordinal));

        Assert.Equal(others, string.Join(',', references.Order(StringComparer.Ordinal)));
    }
}
