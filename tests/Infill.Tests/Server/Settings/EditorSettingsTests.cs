using System.Diagnostics;
using System.Text.Json;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Settings;

/// <summary>The VS Code extension's settings are the server's.</summary>
public sealed class EditorSettingsTests
{
    private static readonly string s_extension = Path.Combine(Repository.Root, "editors", "vscode");
    private static readonly JsonElement s_schema = JsonElement.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "infill.schema.json")));

    [Fact]
    public async Task They_have_not_drifted_from_the_schema()
    {
        using var node = Process.Start(new ProcessStartInfo("node", ["settings.mjs", "--check"]) { WorkingDirectory = s_extension, RedirectStandardError = true, UseShellExecute = false })!;

        var problem = await node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(node.ExitCode == 0, problem);
    }

    [Fact]
    public void A_workspace_can_set_none_of_those_that_are_the_users_own()
    {
        var manifest = JsonElement.Parse(File.ReadAllBytes(Path.Combine(s_extension, "package.json")));
        var shown = manifest.GetProperty("contributes").GetProperty("configuration")[0].GetProperty("properties");

        var own = s_schema.GetProperty("properties").EnumerateObject().Where(static setting => setting.Value.TryGetProperty("x-infill-user-only", out _)).ToList();

        Assert.NotEmpty(own);
        Assert.All(own, setting => Assert.Equal("machine", shown.GetProperty($"infill.{setting.Name}").GetProperty("scope").GetString()));
    }
}
