namespace Infill.Protocol.Lsp;

/// <summary>No part of LSP: asks what a prompt at a place would be made of.</summary>
public sealed record ExplainParams(TextDocumentIdentifier TextDocument, Position Position);

/// <summary>No part of LSP: which bytes of which files a prompt has, and why.</summary>
/// <param name="Template">How the model is prompted; empty where there is no prompt.</param>
/// <param name="Tokens">Of the whole prompt, markers and names included.</param>
/// <param name="Parts">Other files in the prompt's order, then what stands before and after the cursor.</param>
/// <param name="Refused">Why there is no prompt, in a sentence; null where there is one.</param>
public sealed record ExplainResult(string Template, int Tokens, IReadOnlyList<ExplainedPart> Parts, string? Refused = null);

/// <summary>No part of LSP: bytes of one file in a prompt.</summary>
/// <param name="Kind"><c>context</c>, <c>prefix</c> or <c>suffix</c>.</param>
/// <param name="Path">The file's name in the prompt.</param>
/// <param name="StartLine">From 0.</param>
/// <param name="EndLine">Excluded.</param>
/// <param name="StartByte">In the file's UTF-8.</param>
/// <param name="EndByte">Excluded.</param>
/// <param name="Tokens">In the prompt.</param>
/// <param name="Reason">Why it is there.</param>
/// <param name="Score">Beside other chunks; 0 for the document's own text.</param>
/// <param name="Text">The bytes as text, with LF line ends.</param>
public sealed record ExplainedPart(string Kind, string Path, int StartLine, int EndLine, int StartByte, int EndByte, int Tokens, string Reason, double Score, string Text);
