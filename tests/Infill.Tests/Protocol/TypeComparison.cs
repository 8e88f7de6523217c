using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Infill.Protocol.Lsp;

namespace Infill.Tests.Protocol;

/// <summary>How a type of ours differs from an official one, in the JSON that both mean.</summary>
internal static class TypeComparison
{
    /// <summary>Types whose official name is not ours.</summary>
    public static string OfficialName(Type type) =>
        type == typeof(LspRange) ? "Range" : type.IsGenericType ? type.Name[..type.Name.IndexOf('`')] : type.Name;

    /// <summary>One sentence for each difference.</summary>
    public static IEnumerable<string> Differences(JsonTypeInfo ours, IReadOnlyDictionary<string, OfficialProperty> official)
    {
        foreach (var property in ours.Properties)
        {
            if (!official.TryGetValue(property.Name, out var expected))
            {
                yield return $"{property.Name} is unknown";
                continue;
            }

            var isRequired = IsRequired(property);
            if (isRequired == expected.Optional) yield return $"{property.Name} is {(isRequired ? "required" : "optional")}";

            var mayBeNull = expected.Optional || expected.Kinds.Contains("null") || expected.Kinds.Contains("any");
            if (property.IsGetNullable && !mayBeNull && isRequired) yield return $"{property.Name} may be null";

            foreach (var kind in Kinds(property.PropertyType))
            {
                if (!Accepts(expected.Kinds, kind)) yield return $"{property.Name} is {kind}, not {string.Join(" or ", expected.Kinds)}";
            }
        }

        foreach (var (name, property) in official)
        {
            if (!property.Optional && ours.Properties.All(p => p.Name != name)) yield return $"{name} is missing";
        }
    }

    private static bool IsRequired(JsonPropertyInfo property) => property.AssociatedParameter switch
    {
        null => property.Set is null, // a constant of the type, and always written
        { IsMemberInitializer: true } => property.IsRequired,
        var parameter => !parameter.HasDefaultValue,
    };

    private static bool Accepts(IReadOnlyList<string> official, string ours) =>
        official.Contains(ours) ||
        official.Contains("any") ||
        ours == "any" ||
        (ours == "any[]" && official.Any(kind => kind.EndsWith("[]", StringComparison.Ordinal))) ||
        (ours == "string" && official.Any(kind => kind.StartsWith('"') && !kind.EndsWith("[]", StringComparison.Ordinal)));

    private static IEnumerable<string> Kinds(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return ["string"];
        if (type == typeof(bool)) return ["boolean"];
        if (type == typeof(int) || type.IsEnum) return ["number"];
        if (type == typeof(ProgressToken)) return ["string", "number"];
        if (type == typeof(JsonElement)) return ["any"];
        if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IReadOnlyList<>)) return [OfficialName(type)];
        return Kinds(type.GenericTypeArguments[0]).Select(kind => kind + "[]");
    }
}
