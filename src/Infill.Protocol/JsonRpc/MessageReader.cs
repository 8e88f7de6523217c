using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Infill.Protocol.JsonRpc;

/// <summary>Reads Content-Length frames from a pipe. One reader at a time; it does not own the pipe.</summary>
/// <remarks>
/// No input ends it but the end of the input. After bad framing it reports one fault, however long the run of garbage,
/// and goes on at the next <c>Content-Length:</c>; a body over the limit is skipped to the byte.
/// </remarks>
public sealed class MessageReader(PipeReader input, MessageLimits limits, ILogger logger)
{
    /// <summary>How much of a skipped body is searched for its id: clients write it near the start.</summary>
    private const int PeekBytes = 4 * 1024;

    private readonly byte[] _scratch = new byte[limits.HeaderBytes];
    private State _state;
    private long _bodyLength;       // in Body: all of it; in Peek and Skip: what is left of it
    private string _skipReason = ""; // in Peek
    private bool _garbled;          // a fault was reported since the last good header
    private byte[]? _rented;        // holds the body last returned where the pipe had it in pieces
    private SequencePosition? _held; // the end of the body last returned, not yet given back to the pipe

    private enum State
    {
        Header,
        Body,
        Peek,
        Skip,
        Resynchronise,
    }

    /// <summary>The next frame. The frame before it is no longer valid.</summary>
    public async ValueTask<Frame> ReadAsync(CancellationToken cancellationToken = default)
    {
        ReleaseLast();
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (result.IsCanceled)
            {
                input.AdvanceTo(buffer.Start);
                return Frame.End;
            }

            if (TryTake(ref buffer, result.IsCompleted, out var frame))
            {
                // A body stays in the pipe until the next read, so that it need not be copied.
                if (frame.Fault is null) _held = buffer.Start;
                else input.AdvanceTo(buffer.Start);
                return frame;
            }

            if (result.IsCompleted)
            {
                if (!buffer.IsEmpty || _state is State.Body or State.Skip) logger.LogWarning("The input ended inside a message.");
                input.AdvanceTo(buffer.End);
                return Frame.End;
            }

            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>Goes as far as the bytes at hand allow. False where it takes more of them.</summary>
    private bool TryTake(ref ReadOnlySequence<byte> buffer, bool isLast, out Frame frame)
    {
        frame = default;
        while (true)
        {
            switch (_state)
            {
                case State.Header:
                    if (buffer.IsEmpty || !TryTakeHeader(ref buffer, out var fault)) return false;
                    if (fault is null) break;
                    frame = Frame.Of(fault);
                    return true;

                case State.Body:
                    if (buffer.Length < _bodyLength) return false;
                    frame = Frame.Of(TakeBody(ref buffer));
                    return true;

                case State.Peek:
                    var peeked = Math.Min(_bodyLength, PeekBytes);
                    if (buffer.Length < peeked && !isLast) return false;
                    frame = Frame.Of(Peek(buffer.Slice(0, Math.Min(peeked, buffer.Length))));
                    _state = State.Skip;
                    return true;

                case State.Skip:
                    var skipped = Math.Min(_bodyLength, buffer.Length);
                    buffer = buffer.Slice(skipped);
                    _bodyLength -= skipped;
                    if (_bodyLength > 0) return false;
                    _state = State.Header;
                    break;

                case State.Resynchronise:
                    if (!TryFindHeader(ref buffer)) return false;
                    _state = State.Header;
                    break;

                default:
                    throw new UnreachableException();
            }
        }
    }

    /// <summary>True with a fault to report, or without one where the state moved on.</summary>
    private bool TryTakeHeader(ref ReadOnlySequence<byte> buffer, out FrameFault? fault)
    {
        fault = null;
        var bytes = Contiguous(buffer);
        if (FrameHeader.TryParse(bytes, out var header, out var reason))
        {
            if (header.ContentLength <= limits.SkippableBytes)
            {
                buffer = buffer.Slice(header.Size);
                _garbled = false;
                _bodyLength = header.ContentLength;
                _skipReason = header.IsUtf8
                    ? $"The message is longer than {limits.BodyBytes} bytes."
                    : "The message is not in UTF-8.";
                _state = header.IsUtf8 && header.ContentLength <= limits.BodyBytes ? State.Body : State.Peek;
                return true;
            }

            reason = "the Content-Length is beyond belief";
        }
        else if (reason is null)
        {
            if (bytes.Length < limits.HeaderBytes) return false;
            reason = $"the header is longer than {limits.HeaderBytes} bytes";
        }

        // The search must not find the header that was just refused.
        buffer = buffer.Slice(1);
        _state = State.Resynchronise;
        if (_garbled) return true;

        _garbled = true;
        logger.LogWarning("Bad framing: {Reason}. Reading goes on at the next Content-Length.", reason);
        fault = new FrameFault(new RpcError(RpcErrorCodes.ParseError, $"Bad framing: {reason}."), RequestId.Null);
        return true;
    }

    private ReadOnlyMemory<byte> TakeBody(ref ReadOnlySequence<byte> buffer)
    {
        var body = buffer.Slice(0, _bodyLength);
        buffer = buffer.Slice(body.End);
        _state = State.Header;
        if (body.IsSingleSegment) return body.First;

        var length = (int)_bodyLength;
        _rented = ArrayPool<byte>.Shared.Rent(length);
        body.CopyTo(_rented);
        return _rented.AsMemory(0, length);
    }

    private FrameFault Peek(ReadOnlySequence<byte> start)
    {
        var error = new RpcError(RpcErrorCodes.InvalidRequest, _skipReason);
        var fault = MessagePeek.Find(start.ToArray(), error);
        logger.LogWarning("A message of {Length} bytes is skipped ({Method}): {Reason}", _bodyLength, fault.Method ?? "method unknown", _skipReason);
        return fault;
    }

    /// <summary>Drops bytes up to the next <c>Content-Length:</c>, keeping what may be the beginning of one.</summary>
    private bool TryFindHeader(ref ReadOnlySequence<byte> buffer)
    {
        var name = "Content-Length:"u8;
        while (buffer.Length >= name.Length)
        {
            var bytes = Contiguous(buffer);
            for (var i = 0; i + name.Length <= bytes.Length; i++)
            {
                var next = bytes[i..].IndexOfAny((byte)'C', (byte)'c');
                if (next < 0 || i + next + name.Length > bytes.Length) break;
                i += next;
                if (!Ascii.EqualsIgnoreCase(bytes.Slice(i, name.Length), name)) continue;
                buffer = buffer.Slice(i);
                return true;
            }

            buffer = buffer.Slice(bytes.Length - name.Length + 1);
        }

        return false;
    }

    /// <summary>The first bytes, as many as a header may have, in one piece.</summary>
    private ReadOnlySpan<byte> Contiguous(ReadOnlySequence<byte> buffer)
    {
        if (buffer.FirstSpan.Length >= limits.HeaderBytes) return buffer.FirstSpan[..limits.HeaderBytes];
        if (buffer.IsSingleSegment) return buffer.FirstSpan;

        var window = buffer.Slice(0, Math.Min(buffer.Length, limits.HeaderBytes));
        window.CopyTo(_scratch);
        return _scratch.AsSpan(0, (int)window.Length);
    }

    private void ReleaseLast()
    {
        if (_held is { } end) input.AdvanceTo(end);
        _held = null;

        if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
    }
}
