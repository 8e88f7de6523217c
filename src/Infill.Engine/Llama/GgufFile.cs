using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Infill.Engine.Llama;

/// <summary>The few checks of a model file that deserve a better sentence than the native loader's.</summary>
internal static class GgufFile
{
    private const int HeaderBytes = 24; // magic, version, tensor count, metadata count
    private const int FingerprintBytes = 64 * 1024; // most of the metadata but the vocabulary's words

    /// <summary>Tells a file from others by its size and what it begins with, in a millisecond; a hash in hexadecimal.</summary>
    /// <returns>Empty where the file can't be read.</returns>
    internal static string Fingerprint(string path)
    {
        var bytes = new byte[sizeof(long) + FingerprintBytes];
        try
        {
            using var file = File.OpenRead(path);
            BinaryPrimitives.WriteInt64LittleEndian(bytes, file.Length);
            var read = file.ReadAtLeast(bytes.AsSpan(sizeof(long)), FingerprintBytes, throwOnEndOfStream: false);
            return Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, sizeof(long) + read)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

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
