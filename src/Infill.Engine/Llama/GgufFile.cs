using System.Buffers.Binary;

namespace Infill.Engine.Llama;

/// <summary>The few checks of a model file that deserve a better sentence than the native loader's.</summary>
internal static class GgufFile
{
    private const int HeaderBytes = 24; // magic, version, tensor count, metadata count

    /// <exception cref="EngineException">Missing, a folder, unreadable, empty, not a GGUF, or of a version that llama.cpp can't read.</exception>
    internal static void Check(string path)
    {
        if (Directory.Exists(path)) throw new EngineException($"'{path}' is a folder; name a .gguf file.");
        if (!File.Exists(path)) throw new EngineException($"The model file '{path}' does not exist.");

        Span<byte> header = stackalloc byte[HeaderBytes];
        int read;
        try
        {
            using var file = File.OpenRead(path);
            read = file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"The model file '{path}' can't be read: {e.Message}", e);
        }

        if (read >= 4 && !header[..4].SequenceEqual("GGUF"u8)) throw new EngineException($"'{path}' is not a GGUF model file.");
        if (read < HeaderBytes) throw new EngineException($"'{path}' is truncated: it ends inside its header. Fetch it again.");

        var version = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (version is < 2 or > 3) throw new EngineException($"'{path}' is GGUF version {version}; llama.cpp {LlamaLibrary.PinnedVersion} reads 2 and 3.");
    }
}
