using System.Text.Json;
using System.Text.RegularExpressions;
using Infill.Server.Settings;

namespace Infill.Tests.Server.Settings;

/// <summary>What the schema says and what the program does are the same.</summary>
public sealed class SchemaTests
{
    private static readonly JsonElement s_schema = JsonElement.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "infill.schema.json")));

    public static TheoryData<string> Names => [.. Settings().Select(static setting => setting.Name)];

    public static TheoryData<string> Numbers => [.. Settings().Where(static setting => setting.Value.TryGetProperty("minimum", out _)).Select(static setting => setting.Name)];

    public static TheoryData<string> Choices => [.. Settings().Where(static setting => setting.Value.TryGetProperty("enum", out _)).Select(static setting => setting.Name)];

    [Fact]
    public void It_documents_every_setting_and_no_other()
    {
        var known = SettingsJsonContext.Default.SettingsLayer.Properties.Select(static property => property.Name);

        Assert.Equal(known.Order(StringComparer.Ordinal), Settings().Select(static setting => setting.Name).Order(StringComparer.Ordinal));
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", s_schema.GetProperty("$schema").GetString());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_setting_is_described_and_has_the_program_s_type(string name)
    {
        var setting = Setting(name);
        var property = SettingsJsonContext.Default.SettingsLayer.Properties.Single(property => property.Name == name);
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

        Assert.NotEmpty(setting.GetProperty("description").GetString()!);
        Assert.Equal(type == typeof(int) ? "integer" : type == typeof(bool) ? "boolean" : type == typeof(string) ? "string" : type == typeof(IReadOnlyList<string>) ? "array" : "object", setting.GetProperty("type").GetString());
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_number_s_bounds_are_the_program_s(string name)
    {
        var least = Setting(name).GetProperty("minimum").GetInt32();
        var most = Setting(name).GetProperty("maximum").GetInt32();

        Assert.Equal([1, 0, 0, 1], new[] { least - 1, least, most, most + 1 }.Select(value => Problems(name, $"{value}")));
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public void A_word_s_choices_are_the_program_s(string name)
    {
        foreach (var choice in Setting(name).GetProperty("enum").EnumerateArray()) Assert.Equal(0, Problems(name, choice.GetRawText()));
        Assert.Equal(1, Problems(name, "\"something else\""));
    }

    [Fact]
    public void The_defaults_are_the_program_s()
    {
        // In a layer over others' values, so that a default that were not applied would show.
        var others = Layer("""{"enabled":false,"multiline":"never","confidence":1,"typingThrough":false,"lookAhead":false,"backOff":false,"gpu":"off","gpuSplit":false,"statistics":false,"maxTokens":1,"maxLines":1,"prefixTokens":16,"suffixTokens":0,"trailingSuffixTokens":0,"contextTokens":1,"promptBudget":1,"deadline":50,"snapshots":"growing","template":"qwen","healing":false,"endpointDialect":"openai","endpointFallback":true,"sequences":1,"sequenceTokens":256,"speculation":false}""");
        var defaults = Settings().Where(static setting => setting.Value.TryGetProperty("default", out _))
            .Select(static setting => $"\"{setting.Name}\":{setting.Value.GetProperty("default").GetRawText()}");

        var settings = InfillSettings.From([others, Layer($"{{{string.Join(',', defaults)}}}")], Assert.Fail);

        Assert.Equal(new InfillSettings(), settings);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_user_s_own_settings_are_marked(string name)
    {
        var setting = Setting(name);
        var value = setting.GetProperty("type").GetString() switch
        {
            "integer" => setting.GetProperty("minimum").GetRawText(),
            "boolean" => "true",
            "object" => "{}",
            "array" => "[]",
            _ => "\"auto\"",
        };

        Layer($$"""{"{{name}}":{{value}}}""").WithoutMachineSettings(out var isUsersOwn);

        Assert.Equal(isUsersOwn, setting.TryGetProperty("x-infill-user-only", out _));
    }

    [Fact]
    public void Every_setting_has_its_variable()
    {
        List<string> asked = [];
        SettingsSources.FromEnvironment(
            name =>
            {
                asked.Add(name);
                return null;
            },
            Assert.Fail);

        var expected = Settings().Where(static setting => setting.Value.GetProperty("type").GetString() != "object").Select(static setting =>
            SettingsSources.VariablePrefix + Regex.Replace(setting.Name, "[A-Z]", static capital => "_" + capital.Value).ToUpperInvariant());
        Assert.Equal(expected.Order(StringComparer.Ordinal), asked.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<JsonProperty> Settings() => s_schema.GetProperty("properties").EnumerateObject().Where(static property => property.Name != "$schema");

    private static JsonElement Setting(string name) => s_schema.GetProperty("properties").GetProperty(name);

    private static SettingsLayer Layer(string json) => JsonSerializer.Deserialize(json, SettingsJsonContext.Default.SettingsLayer)!;

    private static int Problems(string name, string value)
    {
        List<string> problems = [];
        InfillSettings.From([Layer($$"""{"{{name}}":{{value}}}""")], problems.Add);
        return problems.Count;
    }
}
