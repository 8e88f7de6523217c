namespace Infill.Protocol.JsonRpc;

/// <summary>What the reader found next: a body, a fault in the framing, or the end of the input.</summary>
/// <param name="Body">The JSON bytes. They are the reader's and last until it reads again.</param>
/// <param name="Fault">What was wrong instead; null for a body and at the end.</param>
/// <param name="IsEnd">True at the end of the input, and after it.</param>
public readonly record struct Frame(ReadOnlyMemory<byte> Body, FrameFault? Fault, bool IsEnd)
{
    internal static Frame End => new(default, null, IsEnd: true);

    internal static Frame Of(ReadOnlyMemory<byte> body) => new(body, null, IsEnd: false);

    internal static Frame Of(FrameFault fault) => new(default, fault, IsEnd: false);
}

/// <summary>Bytes that could not be read as a message.</summary>
/// <param name="Error">The error that the client is owed.</param>
/// <param name="Id">The id of the request in the skipped bytes, or <see cref="RequestId.Null"/>.</param>
/// <param name="Method">The method of the skipped message, where it was found.</param>
/// <param name="IsResponse">True where the skipped message answers a request of ours: it is owed nothing.</param>
public sealed record FrameFault(RpcError Error, RequestId Id, string? Method = null, bool IsResponse = false);
