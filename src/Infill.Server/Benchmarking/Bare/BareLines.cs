using System.Text.Json.Serialization;

namespace Infill.Server.Benchmarking.Bare;

/// <summary>What the bare loop is to run: a line of JSON to its process.</summary>
/// <param name="Prompts">Token ids, special ones included.</param>
/// <param name="Tokens">To generate for each.</param>
internal sealed record BareRequest(IReadOnlyList<IReadOnlyList<int>> Prompts, int Tokens);

/// <summary>What came of it: a line of JSON back.</summary>
/// <param name="PrefillSeconds">As <see cref="Engine.Llama.BareRun"/> has it.</param>
/// <param name="DecodeSeconds">Likewise.</param>
/// <param name="Fault">Why there are none; null where there are.</param>
internal sealed record BareAnswer(double PrefillSeconds, double DecodeSeconds, string? Fault = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BareRequest))]
[JsonSerializable(typeof(BareAnswer))]
internal sealed partial class BareJsonContext : JsonSerializerContext;
