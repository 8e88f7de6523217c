using Infill.Tests.Engine.Llama;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Conformance;

/// <summary>The engine over a script.</summary>
public sealed class ScriptedConformanceTests : GenerationConformance
{
    internal override Task<GenerationBackend> StartAsync() => LocalBackend.StartAsync(static () => new ScriptedWeights(new ScriptedModel()));
}

/// <summary>The engine over llama.cpp and the default model.</summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class LlamaConformanceTests : GenerationConformance
{
    internal override Task<GenerationBackend> StartAsync() => LocalBackend.StartAsync(static () => DefaultModel.Load());
}
