using System.Text.Json;
using Infill.Models;
using Infill.Tests.Models.Gguf;
using Infill.Tests.Models.Pulling;

namespace Infill.Tests.Server.Commands;

/// <summary>Each with a home of its own.</summary>
public sealed class ModelCommandTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("infill-home-").FullName;

    private string Store => Path.Combine(_home, "data", "infill", "models");

    private string Settings => Path.Combine(_home, "config", "infill", "config.json");

    [Fact]
    public async Task The_list_has_the_embedded_model_the_catalogue_and_what_was_put_there()
    {
        Put("mine.gguf");
        Directory.CreateDirectory(Path.Combine(_home, "cache", "infill"));
        await File.WriteAllTextAsync(Path.Combine(_home, "cache", "infill", "speed.json"), """{"prefillMilliseconds":0.02,"decodeMilliseconds":0.3,"bytes":55000000}""");

        var program = await RunAsync("list", "--json");

        var models = JsonElement.Parse(program.Output).EnumerateArray().ToDictionary(static model => model.GetProperty("name").GetString()!);
        Assert.True(models["embedded"].GetProperty("isUsed").GetBoolean());
        Assert.True(models["mine"].GetProperty("isHere").GetBoolean());
        Assert.False(models["qwen2.5-coder-1.5b"].GetProperty("isHere").GetBoolean());
        Assert.Equal("qwen", models["qwen2.5-coder-1.5b"].GetProperty("template").GetString());
        Assert.True(models["qwen2.5-coder-1.5b"].GetProperty("firstLine").GetInt32() > models["qwen2.5-coder-0.5b"].GetProperty("firstLine").GetInt32());
        Assert.Single(models.Values, static model => model.GetProperty("isRecommended").GetBoolean());
        Assert.Equal(ModelCatalog.All.Count + 2, models.Count);
    }

    [Fact]
    public async Task A_model_is_used_kept_from_removal_and_given_up_again()
    {
        Put("mine.gguf");
        Directory.CreateDirectory(Path.GetDirectoryName(Settings)!);
        await File.WriteAllTextAsync(Settings, "{\n  \"maxLines\": 3 // mine\n}\n");

        Assert.Contains("mine is used", (await RunAsync("use", "mine")).Output, StringComparison.Ordinal);
        Assert.Equal($"{{\n  \"model\": \"{Store}/mine.gguf\",\n  \"maxLines\": 3 // mine\n}}\n", await File.ReadAllTextAsync(Settings));

        AssertFailed("'mine' is the model in use. Choose another first: 'infill model use embedded'.", await RunAsync("remove", "mine"));

        Assert.Equal(0, (await RunAsync("use", "embedded")).ExitCode);
        Assert.Equal("{\n  \"maxLines\": 3 // mine\n}\n", await File.ReadAllTextAsync(Settings));
        Assert.Equal(0, (await RunAsync("remove", "mine")).ExitCode);
        Assert.Empty(Directory.GetFiles(Store));
    }

    [Fact]
    public async Task What_is_no_model_is_not_used_and_the_settings_stay()
    {
        Put("bad.gguf", "<html>sign in</html>"u8.ToArray());

        AssertFailed("is a web page, not a model", await RunAsync("use", "bad"));
        AssertFailed("There is no model 'nosuch'. 'infill model list' shows which there are.", await RunAsync("use", "nosuch"));
        AssertFailed("'qwen2.5-coder-7b' is not in", await RunAsync("use", "qwen2.5-coder-7b"));
        AssertFailed("'/no/such.gguf' does not exist", await RunAsync("use", "/no/such.gguf"));
        Assert.False(File.Exists(Settings));
    }

    [Fact]
    public async Task Verify_says_of_each_model_whether_it_is_whole()
    {
        Put("good.gguf");
        Put("short.gguf", GgufBytes.Small().ToArray()[..^200]);

        var program = await RunAsync("verify");

        Assert.Equal(1, program.ExitCode);
        Assert.Contains("ok    good: qwen2, Q8_0", program.Output, StringComparison.Ordinal);
        Assert.Contains("FAIL  short: ", program.Output, StringComparison.Ordinal);
        Assert.Contains("is truncated", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_is_pulled_from_the_hub_of_the_settings_and_used()
    {
        using var hub = new FaultyHub { File = GgufBytes.Small().ToArray() };
        Directory.CreateDirectory(Path.GetDirectoryName(Settings)!);
        await File.WriteAllTextAsync(Settings, $$"""{ "hub": "{{hub.Address}}" }""");

        var program = await RunAsync("pull", "owner/repo:small.gguf");

        Assert.Equal((0, ""), (program.ExitCode, program.Error));
        Assert.Contains("small is here: qwen2, Q8_0", program.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("use", "small")).ExitCode);
        Assert.Contains("ok    small: ", (await RunAsync("verify", "small")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_hub_nothing_is_asked_and_it_is_said_how_to_name_one() =>
        AssertFailed("No model hub is configured. Set HF_ENDPOINT", await RunAsync("pull", "qwen2.5-coder-1.5b"));

    public void Dispose() => Directory.Delete(_home, recursive: true);

    private static void AssertFailed(string sentence, ChildProgram program)
    {
        Assert.Equal((1, ""), (program.ExitCode, program.Output));
        Assert.Contains(sentence, program.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Error, StringComparison.Ordinal);
    }

    private Task<ChildProgram> RunAsync(params string[] arguments) =>
        ChildProgram.RunAsync(["model", .. arguments], ("XDG_CONFIG_HOME", Path.Combine(_home, "config")), ("XDG_DATA_HOME", Path.Combine(_home, "data")), ("XDG_CACHE_HOME", Path.Combine(_home, "cache")), ("HF_ENDPOINT", ""), ("HF_TOKEN", ""));

    private void Put(string file, byte[]? content = null)
    {
        Directory.CreateDirectory(Store);
        File.WriteAllBytes(Path.Combine(Store, file), content ?? GgufBytes.Small().ToArray());
    }
}
