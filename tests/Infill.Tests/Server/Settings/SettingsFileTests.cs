using Infill.Models;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Settings;

public sealed class SettingsFileTests
{
    [Theory]
    [InlineData("{}\n", "{\n  \"model\": \"/m.gguf\"\n}\n")]
    [InlineData("{\n  \"maxLines\": 3 // mine\n}\n", "{\n  \"model\": \"/m.gguf\",\n  \"maxLines\": 3 // mine\n}\n")]
    [InlineData("{ \"model\": \"/old.gguf\", \"maxLines\": 3 }", "{ \"model\": \"/m.gguf\", \"maxLines\": 3 }")]
    [InlineData("{ /* a */ \"a\": { \"model\": 1 }, \"model\" : null, }", "{ /* a */ \"a\": { \"model\": 1 }, \"model\": \"/m.gguf\", }")]
    public void A_setting_is_written_and_the_rest_stays_as_it_stood(string before, string after) =>
        Assert.Equal(after, SettingsFile.With(before, "model", "/m.gguf"));

    [Theory]
    [InlineData("{ \"model\": \"/old.gguf\" }", "{ }")]
    [InlineData("{\n  \"model\": \"/old.gguf\",\n  \"maxLines\": 3\n}\n", "{\n  \"maxLines\": 3\n}\n")]
    [InlineData("{\n  \"maxLines\": 3,\n  \"model\": \"/old.gguf\"\n}\n", "{\n  \"maxLines\": 3\n}\n")]
    [InlineData("{ \"a\": 1, /* why, */ \"model\": \"x\" /* b */ }", "{ \"a\": 1, /* why, */ /* b */ }")]
    [InlineData("{ \"maxLines\": 3 }", "{ \"maxLines\": 3 }")]
    public void A_setting_is_taken_out_with_its_comma(string before, string after) =>
        Assert.Equal(after, SettingsFile.With(before, "model", value: null));

    [Fact]
    public void A_path_s_quotes_and_characters_survive()
    {
        using var file = new TemporaryFile("{\"maxLines\": 7}"u8);

        SettingsFile.SetModel(file.Path, "/ä \"x\"\\🙂.gguf");

        var layer = SettingsSources.FromFile(file.Path, static problem => Assert.Fail(problem))!;
        Assert.Equal(("/ä \"x\"\\🙂.gguf", 7), (layer.Model, layer.MaxLines));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{ \"model\": ")]
    [InlineData("{} {}")]
    [InlineData("")]
    public void A_file_that_is_no_object_is_left_alone(string content)
    {
        using var file = new TemporaryFile(System.Text.Encoding.UTF8.GetBytes(content));

        var refused = Assert.Throws<ModelException>(() => SettingsFile.SetModel(file.Path, "/m.gguf"));

        Assert.Contains(file.Path, refused.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(file.Path));
    }

    [Fact]
    public void A_missing_file_is_made_and_a_link_stays_one()
    {
        var folder = Directory.CreateTempSubdirectory("infill-file-").FullName;
        var target = Path.Combine(folder, "dotfiles", "config.json");
        var link = Path.Combine(folder, "config.json");

        SettingsFile.SetModel(target, "/m.gguf");
        File.CreateSymbolicLink(link, target);
        SettingsFile.SetModel(link, "/n.gguf");

        Assert.Equal(target, new FileInfo(link).LinkTarget);
        Assert.Equal("{\n  \"model\": \"/n.gguf\"\n}\n", File.ReadAllText(target));
        Directory.Delete(folder, recursive: true);
    }
}
