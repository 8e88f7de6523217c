using System.Text;
using System.Text.Json;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Settings;

public sealed class SettingsSourcesTests
{
    private readonly List<string> _problems = [];

    [Fact]
    public void Stronger_layers_win_and_silent_ones_change_nothing()
    {
        var settings = InfillSettings.From(
            [new SettingsLayer { MaxTokens = 1, MaxLines = 2 }, null, new SettingsLayer(), new SettingsLayer { MaxTokens = 3 }], _problems.Add);

        Assert.Equal((3, 2), (settings.MaxTokens, settings.Shaping.MaxLines));
        Assert.Empty(_problems);
    }

    [Fact]
    public void A_value_out_of_bounds_is_told_with_its_bounds_and_the_value_before_it_stands()
    {
        var settings = InfillSettings.From([new SettingsLayer { MaxTokens = 7 }, new SettingsLayer { MaxTokens = 0 }], _problems.Add);

        Assert.Equal(7, settings.MaxTokens);
        Assert.Equal("The setting infill.maxTokens is 0; it must be between 1 and 1024.", Assert.Single(_problems));
    }

    [Fact]
    public void A_word_that_is_none_of_the_choices_is_told_with_them()
    {
        InfillSettings.From([new SettingsLayer { Multiline = "paragraph", Snapshots = "shrinking" }], _problems.Add);

        Assert.Equal(
            [
                "The setting infill.snapshots is 'shrinking'; it must be growing or finished.",
                "The setting infill.multiline is 'paragraph'; it must be auto, never or always.",
            ],
            _problems);
    }

    [Fact]
    public void A_path_that_is_none_is_told_and_the_model_before_it_stands()
    {
        var settings = InfillSettings.From([new SettingsLayer { Model = "a\0b" }], _problems.Add);

        Assert.Equal(new InfillSettings().ModelPath, settings.ModelPath);
        Assert.Contains("infill.model", Assert.Single(_problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_s_path_may_start_at_home()
    {
        var settings = InfillSettings.From([new SettingsLayer { Model = "~/m.gguf" }], _problems.Add);

        Assert.Equal(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), "m.gguf"), settings.ModelPath);
    }

    [Fact]
    public void The_user_s_file_may_hold_comments_and_trailing_commas()
    {
        using var file = new TemporaryFile("{ /* mine */ \"maxTokens\": 12, }"u8);

        Assert.Equal(12, SettingsSources.FromFile(file.Path, _problems.Add)!.MaxTokens);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"maxTokens":"many"}""")]
    [InlineData("""{"multiline":"\ud800"}""")]
    public void A_file_that_cannot_be_used_is_named(string content)
    {
        using var file = new TemporaryFile(Encoding.UTF8.GetBytes(content));

        Assert.Null(SettingsSources.FromFile(file.Path, _problems.Add));
        Assert.Contains(file.Path, Assert.Single(_problems), StringComparison.Ordinal);
    }

    [Fact]
    public void No_file_is_no_problem()
    {
        Assert.Null(SettingsSources.FromFile("/nowhere/config.json", _problems.Add));
        Assert.Empty(_problems);
    }

    [Theory]
    [InlineData("0", false)]
    [InlineData("false", false)]
    [InlineData("off", false)]
    [InlineData("1", true)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_variable_switches_suggestions_off(string? value, bool? enabled)
    {
        var layer = SettingsSources.FromEnvironment(name => name == "INFILL_ENABLED" ? value : null, _problems.Add);

        Assert.Equal(enabled, layer.Enabled);
    }

    [Fact]
    public void A_variable_that_is_no_number_is_named()
    {
        var layer = SettingsSources.FromEnvironment(static name => name == "INFILL_MAX_TOKENS" ? "many" : null, _problems.Add);

        Assert.Null(layer.MaxTokens);
        Assert.Equal("INFILL_MAX_TOKENS is 'many'; it must be a whole number.", Assert.Single(_problems));
    }

    [Theory]
    [InlineData("""{"infill":{"maxTokens":5}}""")]
    [InlineData("""{"maxTokens":5}""")]
    [InlineData("""{"maxTokens":5,"unknown":{"deep":[1]}}""")]
    public void A_client_s_settings_may_come_under_our_name_or_bare(string sent)
    {
        Assert.Equal(5, SettingsSources.FromClient(JsonElement.Parse(sent), _problems.Add)!.MaxTokens);
        Assert.Empty(_problems);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"infill":null}""")]
    [InlineData("""{"infill":[1]}""")]
    public void What_is_none_of_ours_is_silence(string sent)
    {
        Assert.Null(SettingsSources.FromClient(JsonElement.Parse(sent), _problems.Add));
        Assert.Empty(_problems);
    }

    [Theory]
    [InlineData("""{"model":"/tmp/other.gguf","maxTokens":5}""")]
    [InlineData("""{"threads":64,"maxTokens":5}""")]
    [InlineData("""{"sequences":4,"maxTokens":5}""")]
    public void What_is_the_user_s_own_is_refused_from_a_client_and_the_rest_is_taken(string sent)
    {
        var layer = SettingsSources.FromClient(JsonElement.Parse(sent), _problems.Add)!;

        Assert.Equal(new SettingsLayer { MaxTokens = 5 }, layer);
        Assert.Contains("the user's own", Assert.Single(_problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_of_the_wrong_kind_is_named_without_our_own_types()
    {
        SettingsSources.FromClient(JsonElement.Parse("""{"infill":{"maxTokens":"many"}}"""), _problems.Add);

        Assert.Equal("The client's settings are not used: the value of maxTokens is of the wrong kind.", Assert.Single(_problems));
    }

    [Theory]
    [InlineData("""{"multiline":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"infill":{"\ud800":1}}""")]
    [InlineData("""{"maxTokens":1e999}""")]
    [InlineData("""{"maxTokens":99999999999999999999}""")]
    [InlineData("""{"enabled":"yes"}""")]
    public void Nothing_that_a_client_sends_is_more_than_a_problem(string sent)
    {
        Assert.Null(Record.Exception(() => SettingsSources.FromClient(JsonElement.Parse(sent), _problems.Add)));
    }
}
