using System.Text;
using System.Text.RegularExpressions;
using Infill.Completion.Prompting;
using Infill.Engine.Remote;

namespace Infill.Completion.Remote;

/// <summary>A template with its markers written out, for a server that tokenizes the whole by itself. Immutable; any thread.</summary>
/// <remarks>
/// To that server a marker in the document is a marker. So the document's text is cut where it spells one, or anything that looks
/// like one: what is nearer to the cursor stays. Parts of other files that spell one are left out.
/// </remarks>
public sealed partial class TextTemplate : IPromptWriter
{
    /// <summary>Markers that tell a text's end, or a conversation's turns, in one family or another.</summary>
    private static readonly string[] s_others =
        ["<s>", "</s>", "<eos>", "<bos>", "<EOT>", "<end_of_turn>", "<start_of_turn>", "<fim_pad>", "<fim-pad>", "<file_sep>", "<repo_name>", "<reponame>", "<filename>", "[INST]", "[/INST]", "<[end▁of▁sentence]>"];

    private readonly FimTemplate _template;
    private readonly IReadOnlyList<LayoutPart> _oneFile;
    private readonly IReadOnlyList<LayoutPart> _repository;
    private readonly IReadOnlyList<LayoutPart> _otherFile;
    private readonly HashSet<string> _sure; // markers that every model of the family has
    private readonly string[] _markers;

    /// <exception cref="ArgumentException">Its markers are named by role: only a model's own vocabulary knows their spelling.</exception>
    public TextTemplate(FimTemplate template)
    {
        _template = template;
        _oneFile = FimLayout.Parse(template.OneFile);
        _repository = FimLayout.Parse(template.Repository ?? "");
        _otherFile = FimLayout.Parse(template.OtherFile ?? "");
        LayoutPart[] all = [.. _oneFile, .. _repository, .. _otherFile];
        _sure = [.. Markers(all, isOptionalToo: false).Select(static marker => marker.Spellings[0])];
        _markers = [.. Markers(all, isOptionalToo: true).SelectMany(static marker => marker.Spellings).Distinct(StringComparer.Ordinal)];
        if (!CanWrite(template)) throw new ArgumentException($"The template '{template.Name}' names no spelling of its markers.", nameof(template));
    }

    public string Name => _template.Name;

    /// <summary>Whether the template's markers are known by their spelling.</summary>
    public static bool CanWrite(FimTemplate template) => !template.OneFile.Contains("«:", StringComparison.Ordinal);

    public RemotePrompt Write(RemoteRequest request)
    {
        List<RemoteFile> files = [.. request.Files.Where(file => FirstMarker(file.Path + "\n" + file.Text, 0) is null)];
        var safe = request with
        {
            Prefix = _template.Lead + AfterLastMarker(request.Prefix),
            Suffix = request.Suffix[..(FirstMarker(request.Suffix, 0)?.Start ?? request.Suffix.Length)],
            Path = FirstMarker(request.Path, 0) is null ? new FileNames(request.Path).Shortened().Path : "",
            Repository = FirstMarker(request.Repository, 0) is null ? request.Repository : "",
            Files = files,
        };
        var text = new StringBuilder(safe.Prefix.Length + safe.Suffix.Length + 128);
        Write(text, files.Count > 0 && _repository.Count > 0 ? _repository : _oneFile, safe, file: null);
        return new RemotePrompt(text.ToString(), _markers);
    }

    [GeneratedRegex(@"<[|｜][^|｜<>\s]{1,40}[|｜]>", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LikeMarker();

    private static IEnumerable<LayoutPart.Marker> Markers(IEnumerable<LayoutPart> parts, bool isOptionalToo) => parts.SelectMany(part => part switch
    {
        LayoutPart.Marker marker => [marker],
        LayoutPart.Optional optional when isOptionalToo => Markers(optional.Parts, isOptionalToo),
        _ => [],
    });

    private void Write(StringBuilder text, IReadOnlyList<LayoutPart> parts, RemoteRequest request, RemoteFile? file)
    {
        foreach (var part in parts)
        {
            switch (part)
            {
                case LayoutPart.Marker marker:
                    text.Append(marker.Spellings[0]);
                    break;
                case LayoutPart.Literal literal:
                    text.Append(literal.Text);
                    break;
                case LayoutPart.Optional optional when IsWhole(optional, request):
                    Write(text, optional.Parts, request, file);
                    break;
                case LayoutPart.Field { Name: "files" }:
                    foreach (var each in request.Files) Write(text, _otherFile, request, each);
                    break;
                case LayoutPart.Field field:
                    text.Append(Value(field.Name, request, file));
                    break;
            }
        }
    }

    private bool IsWhole(LayoutPart.Optional optional, RemoteRequest request) => optional.Parts.All(part => part switch
    {
        LayoutPart.Marker marker => _sure.Contains(marker.Spellings[0]),
        LayoutPart.Field field => Value(field.Name, request, null).Length > 0,
        _ => true,
    });

    private static string Value(string field, RemoteRequest request, RemoteFile? file) => field switch
    {
        "prefix" => request.Prefix,
        "suffix" => request.Suffix,
        "text" => file?.Text ?? "",
        "path" => file?.Path ?? request.Path,
        "repository" => request.Repository,
        "language" => SourceLanguage.Of(request.Path)?.Name ?? "",
        "comment" => SourceLanguage.Of(request.Path)?.Comment ?? "",
        _ => "",
    };

    private string AfterLastMarker(string text)
    {
        var start = 0;
        while (FirstMarker(text, start) is var (_, end)) start = end;
        return text[start..];
    }

    private (int Start, int End)? FirstMarker(string text, int from)
    {
        (int Start, int End)? first = LikeMarker().Match(text, from) is { Success: true } like ? (like.Index, like.Index + like.Length) : null;
        foreach (var marker in _markers.Concat(s_others))
        {
            var at = text.IndexOf(marker, from, StringComparison.Ordinal);
            if (at >= 0 && (first is null || at < first.Value.Start)) first = (at, at + marker.Length);
        }

        return first;
    }
}
