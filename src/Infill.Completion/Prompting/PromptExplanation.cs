using System.Text;
using Infill.Completion.Context;
using Infill.Completion.Documents;

namespace Infill.Completion.Prompting;

/// <summary>What a prompt is made of: every byte of it that comes from a file, and why it is there.</summary>
/// <param name="Template">The template's name.</param>
/// <param name="Tokens">Of the whole prompt, markers and names included.</param>
/// <param name="Parts">Other files in the prompt's order, then what stands before and after the cursor.</param>
public sealed record PromptExplanation(string Template, int Tokens, IReadOnlyList<PromptPart> Parts)
{
    /// <param name="builder">Makes the prompt.</param>
    /// <param name="text">The document.</param>
    /// <param name="cursor">Offset in it.</param>
    /// <param name="names">How the file is called in the prompt.</param>
    /// <param name="options">The budget.</param>
    /// <param name="files">The parts of other files that fit.</param>
    internal static PromptExplanation Of(PromptBuilder builder, SourceText text, int cursor, FileNames names, PromptOptions options, IReadOnlyList<ContextFile> files)
    {
        var asked = builder.Request(text, cursor, names, options, files);
        var window = builder.Window(text, cursor, options);
        var parts = new List<PromptPart>();
        foreach (var file in files)
        {
            if (file.Choice is { } choice) parts.Add(PromptPart.Of(choice, builder.Template.SizeOf(file)));
        }

        // The word that is half typed is asked of the model, so it is no part of the prompt.
        var end = cursor - Encoding.UTF8.GetString(asked.Start.Span).Length;
        var prefix = asked.Continued is { } continued ? continued.End.Value - continued.Start.Value : 0;
        parts.Add(PromptPart.Of(PromptPartKind.Prefix, names.Path, text, window.Start, Math.Max(window.Start, end), prefix));
        if (builder.Template.Template.Order != FimOrder.PrefixOnly) parts.Add(PromptPart.Of(PromptPartKind.Suffix, names.Path, text, cursor, window.End, window.Suffix.Count));
        return new PromptExplanation(builder.Template.Template.Name, asked.Prompt.Count, parts);
    }
}

/// <summary>What a part of a prompt is.</summary>
public enum PromptPartKind
{
    /// <summary>A chunk of another file.</summary>
    Context,

    /// <summary>Text before the cursor.</summary>
    Prefix,

    /// <summary>Text after the cursor.</summary>
    Suffix,
}

/// <summary>Bytes of one file that are in a prompt.</summary>
/// <param name="Kind">What the part is.</param>
/// <param name="Path">The file's name in the prompt.</param>
/// <param name="Lines">From 0, the end excluded.</param>
/// <param name="Bytes">Of the file's UTF-8, the end excluded.</param>
/// <param name="Tokens">In the prompt; of another file with its name and markers.</param>
/// <param name="Reason">Why it is there.</param>
/// <param name="Score">What it was worth beside other chunks; 0 for the document's own text.</param>
/// <param name="Text">The bytes as text, with LF line ends.</param>
public sealed record PromptPart(PromptPartKind Kind, string Path, Range Lines, Range Bytes, int Tokens, string Reason, double Score, string Text)
{
    internal static PromptPart Of(ContextChoice choice, int tokens)
    {
        var chunk = choice.Chunk;
        return new PromptPart(PromptPartKind.Context, chunk.Path, chunk.FirstLine..(chunk.FirstLine + chunk.LineCount), chunk.Bytes, tokens, choice.Reason, choice.Score, chunk.Text);
    }

    internal static PromptPart Of(PromptPartKind kind, string path, SourceText text, int start, int end, int tokens)
    {
        var before = Encoding.UTF8.GetByteCount(text.Substring(0, start));
        var own = text.Substring(start, end - start);
        var lines = own.Length == 0 ? text.LineOf(start)..text.LineOf(start) : text.LineOf(start)..(text.LineOf(end - 1) + 1);
        var reason = kind == PromptPartKind.Prefix ? "before the cursor" : "after the cursor";
        return new PromptPart(kind, path, lines, before..(before + Encoding.UTF8.GetByteCount(own)), tokens, reason, 0, own.ReplaceLineEndings("\n"));
    }
}
