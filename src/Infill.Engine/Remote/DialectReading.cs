namespace Infill.Engine.Remote;

/// <summary>One event of a server's stream, whatever its dialect.</summary>
/// <param name="Text">Text that came with it; may be empty.</param>
internal sealed record RemoteEvent(string Text)
{
    public static RemoteEvent Nothing { get; } = new("");

    /// <summary>How likely its tokens were; empty where the server doesn't say.</summary>
    public IReadOnlyList<TracedToken> Tokens { get; init; } = [];

    /// <summary>Why the text ended, in the event that says so.</summary>
    public FinishReason Finish { get; init; }

    /// <summary>No other event follows.</summary>
    public bool IsLast { get; init; }

    /// <summary>What the server says so far that it cost; null where it says nothing.</summary>
    public ReportedUsage? Reported { get; init; }
}

/// <summary>How requests are put to a server, and how its stream is read. Immutable; any thread.</summary>
internal interface IDialectReading
{
    /// <summary>For people: what is spoken, of which model, prompted how.</summary>
    string Description { get; }

    /// <summary>Relative to the endpoint.</summary>
    string Path { get; }

    /// <summary>The request's JSON, and the strings that end its text besides the request's own.</summary>
    (byte[] Body, IReadOnlyList<string> Stops) Write(RemoteRequest request);

    /// <exception cref="System.Text.Json.JsonException">It is no event of this dialect.</exception>
    /// <exception cref="RemoteException">The server tells of an error.</exception>
    RemoteEvent Read(ReadOnlySpan<byte> data);
}
