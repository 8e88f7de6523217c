using Infill.Engine.Sampling;

namespace Infill.Engine.Remote;

/// <summary>A place for another server to fill. It is text, since that server's vocabulary is not known here; line ends are LF.</summary>
/// <param name="Prefix">Before the cursor, from the window's start.</param>
/// <param name="Suffix">After the cursor, to the window's end.</param>
public sealed record RemoteRequest(string Prefix, string Suffix)
{
    /// <summary>The file's name in the prompt.</summary>
    public string Path { get; init; } = "";

    /// <summary>Its repository's name; empty where it is in none.</summary>
    public string Repository { get; init; } = "";

    /// <summary>Parts of other files, the least useful first.</summary>
    public IReadOnlyList<RemoteFile> Files { get; init; } = [];

    /// <summary>Tokens to generate at most.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>Any of these ends the text before it.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Runs on this side; when it has heard enough, the stream is closed.</summary>
    public IStopRule? StopRule { get; init; }

    /// <summary>Whether the server is asked how likely each token was. One that can't say gives text alone.</summary>
    public bool ScoreTokens { get; init; }

    /// <summary>Whether a server that can completes the half-typed word from its beginning; the text begins at the cursor either way.</summary>
    public bool Heals { get; init; }

    /// <summary>Which document: of several endpoints it keeps the one whose cache has it.</summary>
    public string Document { get; init; } = "";

    /// <summary>Time after which the request ends with what it has.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Cancelled when a newer request outdoes this one.</summary>
    public CancellationToken Superseded { get; init; }
}

/// <summary>A part of another file.</summary>
/// <param name="Path">Its name in the prompt.</param>
/// <param name="Text">With LF line ends.</param>
public sealed record RemoteFile(string Path, string Text);

/// <summary>A prompt with a model's FIM markers written out in it.</summary>
/// <param name="Text">As the server is to tokenize it.</param>
/// <param name="Stops">Markers that end a text where the model writes them.</param>
public sealed record RemotePrompt(string Text, IReadOnlyList<string> Stops);

/// <summary>Writes prompts as one family of models was taught. Any thread.</summary>
public interface IPromptWriter
{
    /// <summary>The family's name, for people.</summary>
    string Name { get; }

    /// <summary>No part of the request's own texts comes out as a marker.</summary>
    RemotePrompt Write(RemoteRequest request);
}
