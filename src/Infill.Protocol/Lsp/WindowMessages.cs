using System.Text.Json.Serialization;

namespace Infill.Protocol.Lsp;

public enum MessageType
{
    Error = 1,
    Warning = 2,
    Info = 3,
    Log = 4,
    Debug = 5,
}

public sealed record LogMessageParams(MessageType Type, string Message);

public sealed record ShowMessageParams(MessageType Type, string Message);

public sealed record WorkDoneProgressCreateParams(ProgressToken Token);

public sealed record WorkDoneProgressCancelParams(ProgressToken Token);

/// <param name="Title">What is going on, in a few words.</param>
/// <param name="Cancellable">Whether the client may offer to cancel it.</param>
/// <param name="Message">More about it.</param>
/// <param name="Percentage">0 to 100; null shows activity without an end.</param>
public sealed record WorkDoneProgressBegin(
    string Title,
    bool? Cancellable = null,
    string? Message = null,
    [property: JsonConverter(typeof(UIntegerConverter))] int? Percentage = null)
{
    public string Kind { get; } = "begin";
}

public sealed record WorkDoneProgressReport(
    bool? Cancellable = null,
    string? Message = null,
    [property: JsonConverter(typeof(UIntegerConverter))] int? Percentage = null)
{
    public string Kind { get; } = "report";
}

public sealed record WorkDoneProgressEnd(string? Message = null)
{
    public string Kind { get; } = "end";
}
