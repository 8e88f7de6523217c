namespace Infill.Completion.Prompting;

/// <summary>What a prompt is made of, as text with LF line ends.</summary>
/// <param name="Path">How the file is called in the prompt: relative to its workspace, with forward slashes.</param>
/// <param name="Prefix">Text before the cursor, from the window's start.</param>
/// <param name="Suffix">Text after the cursor, to the window's end.</param>
public sealed record FimPrompt(string Path, string Prefix, string Suffix);
