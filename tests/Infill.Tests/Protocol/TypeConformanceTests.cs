using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;

namespace Infill.Tests.Protocol;

/// <summary>Our types against the official packages'.</summary>
public sealed class TypeConformanceTests
{
    /// <summary>Where we differ, and mean to.</summary>
    private static readonly string[] s_accepted =
    [
        // Some clients leave out what may be null.
        "InitializeParams: processId is optional",
        "InitializeParams: rootUri is optional",
    ];

    /// <summary>No part of LSP.</summary>
    private static readonly Type[] s_ours = [typeof(DidShowCompletionParams), typeof(DidPartiallyAcceptCompletionParams), typeof(ExplainParams), typeof(ExplainResult), typeof(ExplainedPart)];

    [Fact]
    public void Every_type_says_in_JSON_what_the_official_one_says()
    {
        var differences =
            from type in LspTypes().Except(s_ours)
            let info = ProtocolJsonContext.Default.GetTypeInfo(type)
            where info is not null
            from difference in TypeComparison.Differences(info, OfficialTypes.Instance.Types[TypeComparison.OfficialName(type)])
            select $"{TypeComparison.OfficialName(type)}: {difference}";

        Assert.Equal(string.Join('\n', s_accepted), string.Join('\n', differences.Distinct()));
    }

    [Fact]
    public void Every_type_is_known_to_the_serialiser()
    {
        var unknown = LspTypes().Where(type => !type.IsGenericTypeDefinition && ProtocolJsonContext.Default.GetTypeInfo(type) is null);

        Assert.Empty(unknown);
    }

    [Fact]
    public void Enumerations_have_the_official_values()
    {
        foreach (var type in typeof(Position).Assembly.GetExportedTypes().Where(type => type.IsEnum && type.Namespace == typeof(Position).Namespace))
        {
            var official = OfficialTypes.Instance.Constants[type.Name];
            foreach (var name in Enum.GetNames(type))
            {
                var expected = official.Single(constant => constant.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value.GetInt32();
                Assert.Equal(expected, (int)Enum.Parse(type, name));
            }
        }
    }

    [Theory]
    [InlineData(typeof(PositionEncodingKind), "PositionEncodingKind")]
    [InlineData(typeof(TraceValues), "TraceValue")]
    public void Constants_have_the_official_values(Type type, string officialName)
    {
        var official = OfficialTypes.Instance.Constants[officialName].ToDictionary(c => c.Key, c => c.Value.GetString(), StringComparer.OrdinalIgnoreCase);

        Assert.All(Constants(type), constant => Assert.Equal(official[constant.Key], constant.Value));
    }

    [Fact]
    public void Error_codes_have_the_official_values()
    {
        var official = OfficialTypes.Instance.Constants["ErrorCodes"].Concat(OfficialTypes.Instance.Constants["LSPErrorCodes"])
            .ToDictionary(code => code.Key, code => code.Value.GetInt32());

        Assert.All(Constants(typeof(RpcErrorCodes)), code => Assert.Equal(official[code.Key], code.Value));
    }

    [Fact]
    public void Methods_have_the_official_names()
    {
        var official = OfficialTypes.Instance.Constants.Values.Where(c => c.ContainsKey("method")).Select(c => c["method"].ToString()).ToHashSet();
        var unofficial = Constants(typeof(LspMethods)).Select(method => (string)method.Value!).Where(method => !official.Contains(method));

        // The first two are there, but not to be seen from outside the package; the others are no part of LSP.
        Assert.Equal([LspMethods.CancelRequest, LspMethods.Progress, LspMethods.DidShowCompletion, LspMethods.DidPartiallyAcceptCompletion, LspMethods.Explain], unofficial);
    }

    [Fact]
    public void The_kind_of_a_progress_report_is_the_official_one()
    {
        Assert.Contains($"\"{new WorkDoneProgressBegin("x").Kind}\"", OfficialTypes.Instance.Types["WorkDoneProgressBegin"]["kind"].Kinds);
        Assert.Contains($"\"{new WorkDoneProgressReport().Kind}\"", OfficialTypes.Instance.Types["WorkDoneProgressReport"]["kind"].Kinds);
        Assert.Contains($"\"{new WorkDoneProgressEnd().Kind}\"", OfficialTypes.Instance.Types["WorkDoneProgressEnd"]["kind"].Kinds);
    }

    [Theory]
    [InlineData("Position", "start is unknown|end is unknown|line is missing|character is missing")]
    [InlineData("SelectedCompletionInfo", "start is unknown|end is unknown|range is missing|text is missing")]
    public void The_comparison_sees_another_type(string official, string expected)
    {
        Assert.Equal(expected.Split('|'), Compare(ProtocolJsonContext.Default.LspRange, OfficialTypes.Instance.Types[official]));
    }

    [Fact]
    public void The_comparison_sees_optionality_nullability_and_kinds()
    {
        Dictionary<string, OfficialProperty> official = new()
        {
            ["registrations"] = new OfficialProperty(Optional: true, ["string[]"]),
        };

        Assert.Equal(
            ["registrations is required", "registrations is Registration[], not string[]"],
            Compare(ProtocolJsonContext.Default.RegistrationParams, official));
        Assert.Equal(
            ["name is string, not number", "version is optional"],
            Compare(ProtocolJsonContext.Default.ServerInfo, new Dictionary<string, OfficialProperty>
            {
                ["name"] = new(Optional: false, ["number"]),
                ["version"] = new(Optional: false, ["string"]),
            }));
    }

    private static IEnumerable<string> Compare(JsonTypeInfo ours, Dictionary<string, OfficialProperty> official) => TypeComparison.Differences(ours, official);

    private static IEnumerable<Type> LspTypes() =>
        from type in typeof(Position).Assembly.GetExportedTypes()
        where type.Namespace == typeof(Position).Namespace && !type.IsEnum && !(type.IsAbstract && type.IsSealed)
        where type != typeof(ProtocolJsonContext) && type != typeof(ProgressToken) && !type.IsAssignableTo(typeof(JsonConverter))
        from closed in type.IsGenericTypeDefinition
            ? [type.MakeGenericType(typeof(WorkDoneProgressBegin)), type.MakeGenericType(typeof(IReadOnlyList<InlineCompletionItem>))]
            : new[] { type }
        select closed;

    private static IEnumerable<KeyValuePair<string, object?>> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => KeyValuePair.Create(field.Name, field.GetRawConstantValue()));
}
