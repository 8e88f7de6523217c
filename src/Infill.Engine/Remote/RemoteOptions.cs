namespace Infill.Engine.Remote;

/// <summary>What an endpoint speaks.</summary>
public enum RemoteDialect
{
    /// <summary>Found out by asking it.</summary>
    Auto,

    /// <summary>llama-server's <c>/infill</c>: the server makes the prompt.</summary>
    LlamaServer,

    /// <summary>OpenAI's <c>/v1/completions</c>, with a prompt of our own.</summary>
    OpenAi,

    /// <summary>The same with <c>suffix</c>: the server makes the prompt.</summary>
    OpenAiSuffix,
}

/// <summary>A secret that gets into no log: it prints as nothing.</summary>
public sealed class RemoteKey(string value)
{
    internal string Value { get; } = value;

    public override string ToString() => "(a key)";
}

/// <summary>Which servers to ask, and how long to wait for them.</summary>
/// <param name="Endpoints">Their addresses, without <c>/v1</c>; at least one.</param>
public sealed record RemoteOptions(IReadOnlyList<Uri> Endpoints)
{
    public RemoteDialect Dialect { get; init; }

    /// <summary>The model's name in requests; null takes the first that the server lists.</summary>
    public string? Model { get; init; }

    /// <summary>Goes with every request; null for none.</summary>
    public RemoteKey? Key { get; init; }

    /// <summary>How to prompt a model of that name where the prompt is ours; null where nobody knows.</summary>
    public Func<string, IPromptWriter?> WriterFor { get; init; } = static _ => null;

    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>From the request to its first text, the connection included.</summary>
    public TimeSpan FirstTextLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two pieces of a text.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For the whole of a request without a deadline.</summary>
    public TimeSpan TotalLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often an endpoint that failed is looked at.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(2);
}
