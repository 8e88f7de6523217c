using System.Diagnostics.CodeAnalysis;
using Infill.Engine.Llama;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Infill.Tests.Engine.Llama;

/// <summary>What computes with the real library runs alone: two computing threads on two cores slow each other a hundredfold.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
[SuppressMessage("Naming", "CA1711", Justification = "It is a collection in xunit's sense of the word.")]
public sealed class ModelCollection
{
    public const string Name = "real model";
}

/// <summary>The default model, which the build puts beside the tests.</summary>
internal static class DefaultModel
{
    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "models", "infill-52m-iq4_nl.gguf");

    /// <summary>On the GPU where the folder that INFILL_LLAMA_DIR names has a library for it, so that the same tests run there.</summary>
    public static LlamaModel Load()
    {
        var devices = LlamaLibrary.Load(NullLogger.Instance).Devices;
        return LlamaModel.Load(Path, gpu: devices.Count > 0 ? new GpuOffload(devices) : null);
    }
}
