using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Infill.Server.Sharing;

/// <summary>JSON on single lines, before a pipe is used otherwise.</summary>
internal static class LineExchange
{
    private const int MostBytes = 64 * 1024;

    public static async Task WriteAsync<T>(PipeWriter output, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        output.Write(JsonSerializer.SerializeToUtf8Bytes(value, type));
        output.Write("\n"u8);
        await output.FlushAsync(cancellationToken);
    }

    /// <summary>Reads one line and leaves what follows it in the pipe. Null where the input ends first, or it is no such line.</summary>
    public static async Task<T?> ReadAsync<T>(PipeReader input, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end).ToArray();
                input.AdvanceTo(buffer.GetPosition(1, end));
                return Parse(line, type);
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted || buffer.Length > MostBytes) return null;
        }
    }

    private static T? Parse<T>(byte[] line, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(line, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
