using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Infill.Models.Gpu;

namespace Infill.Tests.Models.Gpu;

/// <summary>Small packages such as npm's registry has them, and catalogues of them.</summary>
internal static class GpuPackages
{
    public const string File = "bins/here/libggml-cuda.so";

    /// <summary>A library's bytes: hardly to be compressed, so that a package has some length.</summary>
    public static byte[] Library(int size, int seed = 1)
    {
        var library = new byte[size];
        new Random(seed).NextBytes(library);
        return library;
    }

    public static byte[] Pack(byte[] library)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Ustar))
        {
            Add("package/package.json", "{}"u8.ToArray());
            Add("package/bins/here/libllama.cuda.so", new byte[3000]);
            Add("package/" + File, library);

            void Add(string name, byte[] content) => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        }

        return packed.ToArray();
    }

    public static GpuLibrary Entry(byte[] library, byte[] package, string name = "cuda", string title = "CUDA 13") => new(
        name, title, GpuCatalog.Platform, $"@scope/{name}-package", "sha512-" + Convert.ToBase64String(SHA512.HashData(package)), package.Length, File, library.Length, Convert.ToHexStringLower(SHA256.HashData(library)));

    public static GpuCatalog Catalog(params GpuLibrary[] libraries) => new("1.2.3", "9.9.9", libraries);
}
