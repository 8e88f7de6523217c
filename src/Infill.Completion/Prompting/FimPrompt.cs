namespace Infill.Completion.Prompting;

/// <summary>What a prompt is made of, as tokens of text with LF line ends.</summary>
/// <param name="Name">How the file is called in the prompt, with a line feed behind it; empty where it has no name.</param>
/// <param name="Prefix">Text before the cursor, from the window's start.</param>
/// <param name="Suffix">Text after the cursor, to the window's end.</param>
public sealed record FimPrompt(IReadOnlyList<int> Name, IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix);
