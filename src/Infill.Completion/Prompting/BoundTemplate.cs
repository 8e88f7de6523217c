using System.Text;
using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>A template with a model's own tokens for its markers. Immutable; any thread.</summary>
public sealed class BoundTemplate
{
    private const int MostBytes = 3; // that a character has: a token is at least a byte

    private readonly IVocabulary _vocabulary;
    private readonly Dictionary<string, int> _markers; // by the spelling that comes first in the layout
    private readonly IReadOnlyList<LayoutPart> _oneFile;
    private readonly IReadOnlyList<LayoutPart>? _repository;
    private readonly IReadOnlyList<LayoutPart> _otherFile;

    /// <exception cref="EngineException">The model lacks a marker that the template can't do without.</exception>
    public BoundTemplate(FimTemplate template, IVocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        _oneFile = FimLayout.Parse(template.OneFile);
        var repository = FimLayout.Parse(template.Repository ?? "");
        _otherFile = FimLayout.Parse(template.OtherFile ?? "");
        _markers = [];
        foreach (var marker in Markers(_oneFile).Concat(Markers(repository)).Concat(Markers(_otherFile)))
        {
            if (Find(marker, vocabulary) is { } token) _markers[marker.Spellings[0]] = token;
        }

        var missing = Markers(_oneFile, isOptionalToo: false).FirstOrDefault(marker => !_markers.ContainsKey(marker.Spellings[0]));
        if (missing is not null)
        {
            throw new EngineException(
                $"The template '{template.Name}' needs '{string.Join("' or '", missing.Spellings)}' as one special token, and the model {vocabulary.ModelName} has none. " +
                "Choose another template, or 'auto'.");
        }

        Template = template;
        Stops = [.. _markers.Values];
        var hasAll = Markers(repository, isOptionalToo: false).Concat(Markers(_otherFile)).All(marker => _markers.ContainsKey(marker.Spellings[0]));
        _repository = template.Repository is not null && hasAll ? repository : null;
    }

    public FimTemplate Template { get; }

    /// <summary>Whether other files have a place in the prompt.</summary>
    public bool TakesFiles => _repository is not null;

    /// <summary>Tokens that end a text where the model writes them: it has left the file.</summary>
    public IReadOnlyList<int> Stops { get; }

    /// <summary>Whether the model has every marker that the template can't do without.</summary>
    public static bool HasMarkers(FimTemplate template, IVocabulary vocabulary) =>
        Markers(FimLayout.Parse(template.OneFile), isOptionalToo: false).All(marker => Find(marker, vocabulary) is not null);

    /// <summary>How the markers are spelled, with their tokens: for people.</summary>
    public IEnumerable<KeyValuePair<string, int>> MarkersBySpelling() => _markers;

    /// <summary>Tokens that a prompt may have besides its texts.</summary>
    public int MaxOverhead(FileNames names)
    {
        names = names.Shortened();
        return 1 + Math.Max(Overhead(_oneFile, names), Overhead(_repository ?? [], names)); // 1: the beginning of text
    }

    /// <summary>Tokens that another file has in a prompt, with its name and markers.</summary>
    public int SizeOf(ContextFile file)
    {
        var writer = new Writer(this, new FimPrompt([], []) { Files = [file] });
        writer.Write([new LayoutPart.Field("files")]);
        return writer.Tokens.Count;
    }

    /// <summary>The prompt's tokens.</summary>
    /// <param name="prompt">Its parts. Other files are left out where they have no place.</param>
    /// <param name="prefix">Where the prefix's tokens stand in the result.</param>
    public List<int> Render(FimPrompt prompt, out Range prefix)
    {
        prompt = prompt with { Names = prompt.Names.Shortened() };
        var writer = new Writer(this, prompt);
        writer.Write(prompt.Files.Count > 0 && _repository is not null ? _repository : _oneFile);
        prefix = writer.Prefix;
        return writer.Tokens;
    }

    private static int? Find(LayoutPart.Marker marker, IVocabulary vocabulary)
    {
        foreach (var spelling in marker.Spellings)
        {
            var token = spelling switch
            {
                ":prefix" => vocabulary.Fim.Prefix,
                ":suffix" => vocabulary.Fim.Suffix,
                ":middle" => vocabulary.Fim.Middle,
                _ => vocabulary.FindSpecial(spelling),
            };
            if (token is not null) return token;
        }

        return null;
    }

    private static IEnumerable<LayoutPart.Marker> Markers(IReadOnlyList<LayoutPart> parts, bool isOptionalToo = true) => parts.SelectMany(part => part switch
    {
        LayoutPart.Marker marker => [marker],
        LayoutPart.Optional optional when isOptionalToo => Markers(optional.Parts),
        _ => [],
    });

    private static int Overhead(IReadOnlyList<LayoutPart> parts, FileNames names) => parts.Sum(part => part switch
    {
        LayoutPart.Marker => 1,
        LayoutPart.Literal literal => MostBytes * literal.Text.Length,
        LayoutPart.Field field => MostBytes * Writer.Name(field.Name, names).Length,
        LayoutPart.Optional optional => Overhead(optional.Parts, names),
        _ => 0,
    });

    /// <summary>Writes one prompt: text between markers becomes tokens as one piece.</summary>
    private sealed class Writer
    {
        private readonly BoundTemplate _template;
        private readonly FimPrompt _prompt;
        private readonly StringBuilder _text = new();
        private FileNames _names;
        private IReadOnlyList<int> _fileText = [];

        public Writer(BoundTemplate template, FimPrompt prompt)
        {
            _template = template;
            _prompt = prompt;
            _names = prompt.Names;
            Tokens = new List<int>(prompt.Prefix.Count + prompt.Suffix.Count + 64);
            if (template._vocabulary.BeginningOfText is { } beginning) Tokens.Add(beginning);
        }

        public List<int> Tokens { get; }

        public Range Prefix { get; private set; }

        public static string Name(string field, FileNames names) => field switch
        {
            "path" => names.Path,
            "repository" => names.Repository,
            "language" => SourceLanguage.Of(names.Path)?.Name ?? "",
            "comment" => SourceLanguage.Of(names.Path)?.Comment ?? "",
            _ => "",
        };

        public void Write(IReadOnlyList<LayoutPart> parts)
        {
            WriteParts(parts);
            FlushText();
        }

        private void WriteParts(IReadOnlyList<LayoutPart> parts)
        {
            foreach (var part in parts)
            {
                switch (part)
                {
                    case LayoutPart.Marker marker:
                        FlushText();
                        var token = _template._markers[marker.Spellings[0]];
                        if (Tokens.Count != 1 || Tokens[0] != token) Tokens.Add(token); // the beginning of text is there already
                        break;
                    case LayoutPart.Literal literal:
                        _text.Append(literal.Text);
                        break;
                    case LayoutPart.Optional optional:
                        if (IsWhole(optional)) WriteParts(optional.Parts);
                        break;
                    case LayoutPart.Field field:
                        WriteField(field.Name);
                        break;
                }
            }
        }

        private bool IsWhole(LayoutPart.Optional optional) => optional.Parts.All(part => part switch
        {
            LayoutPart.Marker marker => _template._markers.ContainsKey(marker.Spellings[0]),
            LayoutPart.Field field => Name(field.Name, _names).Length > 0,
            _ => true,
        });

        private void WriteField(string name)
        {
            switch (name)
            {
                case "prefix":
                    FlushText();
                    Prefix = Tokens.Count..(Tokens.Count + _prompt.Prefix.Count);
                    Tokens.AddRange(_prompt.Prefix);
                    break;
                case "suffix":
                    WriteTokens(_prompt.Suffix);
                    break;
                case "text":
                    WriteTokens(_fileText);
                    break;
                case "files":
                    foreach (var file in _prompt.Files)
                    {
                        (_names, _fileText) = (_prompt.Names with { Path = file.Path }, file.Text);
                        WriteParts(_template._otherFile);
                    }

                    _names = _prompt.Names;
                    break;
                default:
                    _text.Append(Name(name, _names));
                    break;
            }
        }

        private void WriteTokens(IReadOnlyList<int> tokens)
        {
            FlushText();
            Tokens.AddRange(tokens);
        }

        private void FlushText()
        {
            if (_text.Length == 0) return;
            _template._vocabulary.Tokenize(_text.ToString(), Tokens);
            _text.Clear();
        }
    }
}
