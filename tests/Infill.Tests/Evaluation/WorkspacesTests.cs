using Infill.Evaluation.Places;
using Infill.Evaluation.Sides;

namespace Infill.Tests.Evaluation;

public sealed class WorkspacesTests
{
    [Fact]
    public void A_place_s_workspace_is_its_package_and_no_other()
    {
        var here = new SourceFile("demo/a.py", "python", "def first():\n    return 1\n");
        var beside = new SourceFile("demo/deep/b.py", "python", "def second():\n    return 2\n");
        var elsewhere = new SourceFile("other/c.py", "python", "def third():\n    return 3\n");
        var workspaces = new Workspaces([here, beside, elsewhere]);

        Assert.Equal(2, workspaces.Of(here).Count);
        Assert.Same(workspaces.Of(here), workspaces.Of(beside));
        Assert.Equal(1, workspaces.Of(elsewhere).Count);
    }
}
