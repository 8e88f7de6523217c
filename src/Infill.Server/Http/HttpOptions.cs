using System.Net;

namespace Infill.Server.Http;

/// <summary>Where and to whom HTTP is spoken.</summary>
/// <param name="Listen">Address and port; port 0 takes any free one.</param>
internal sealed record HttpOptions(IPEndPoint Listen)
{
    /// <summary>Each lets a client in; none on loopback alone.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Names besides localhost and this machine's that a request may call this server by.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Bytes of a request's body.</summary>
    public int MaxBodyBytes { get; init; } = 4 << 20;

    public int MaxConnections { get; init; } = 256;
}
