using System.Security.Cryptography;

namespace Infill.Models.Pulling;

/// <summary>What a whole file hashes to, as hubs write it (SHA-256 in hexadecimal) or as npm does (<c>sha512-</c> and base64).</summary>
internal static class FileHash
{
    private const string Sha512 = "sha512-";
    private const int ChunkBytes = 1 << 20;

    /// <param name="path">The file.</param>
    /// <param name="like">A hash of the kind that is wanted; null wants SHA-256.</param>
    /// <param name="progress">Told the bytes read so far; may be null.</param>
    /// <param name="cancellationToken">Ends it between two megabytes.</param>
    public static async Task<string> OfAsync(string path, string? like, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var isNpm = like?.StartsWith(Sha512, StringComparison.Ordinal) == true;
        using var hash = IncrementalHash.CreateHash(isNpm ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        var buffer = new byte[ChunkBytes];
        for (var read = 0L; ;)
        {
            var count = await file.ReadAsync(buffer, cancellationToken);
            if (count == 0) return isNpm ? Sha512 + Convert.ToBase64String(hash.GetHashAndReset()) : Convert.ToHexStringLower(hash.GetHashAndReset());
            hash.AppendData(buffer, 0, count);
            progress?.Report(read += count);
        }
    }

    public static bool Equal(string? a, string? b) =>
        string.Equals(a, b, a?.StartsWith(Sha512, StringComparison.Ordinal) == true ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase);

    /// <summary>For people.</summary>
    public static string NameOf(string hash) => hash.StartsWith(Sha512, StringComparison.Ordinal) ? "SHA-512" : "SHA-256";
}
