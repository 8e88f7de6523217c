namespace Infill.Models.Gguf;

/// <summary>What a GGUF file says of itself before its weights begin.</summary>
/// <remarks>
/// Nothing in a file is believed before it is compared with the file's length, and nothing is kept that grows with what
/// the file claims: a hostile one costs some kilobytes and a sentence.
/// </remarks>
public sealed record GgufHeader
{
    /// <summary>Of the format: 2 or 3.</summary>
    public required int Version { get; init; }

    /// <summary>llama.cpp's name of the model's kind, such as <c>qwen2</c>; it has letters, digits, dots, dashes and underscores only.</summary>
    public required string Architecture { get; init; }

    /// <summary>Empty where the file has none.</summary>
    public string Name { get; init; } = "";

    /// <summary>As the file's maker wrote it; empty where there is none.</summary>
    public string Licence { get; init; } = "";

    /// <summary>Such as <c>Q8_0</c>: as the file says, else the type of most of its weights.</summary>
    public string Quantisation { get; init; } = "";

    /// <summary>Tokens that the model was trained on; null where the file doesn't say.</summary>
    public long? ContextLength { get; init; }

    /// <summary>Tokens in the vocabulary; 0 where it has none.</summary>
    public long VocabularySize { get; init; }

    /// <summary>Ids of the markers that filling in the middle needs.</summary>
    public GgufFimTokens Fim { get; init; }

    /// <summary><c>infill.fim_template</c>: the template that the model's maker names; null for none.</summary>
    public string? FimTemplate { get; init; }

    public int TensorCount { get; init; }

    /// <summary>Weights, counted one by one.</summary>
    public long ParameterCount { get; init; }

    /// <summary>Size of the weights in bytes; a lower bound where a tensor is of a type that this reader doesn't know.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Reads a file's header and checks that the file is as long as it says.</summary>
    /// <param name="path">The file, whatever it is.</param>
    /// <exception cref="ModelException">It is missing, unreadable, no GGUF, truncated, or not to be trusted.</exception>
    public static GgufHeader Read(string path)
    {
        if (Directory.Exists(path)) throw new ModelException($"'{path}' is a folder; name a .gguf file.");
        if (!File.Exists(path)) throw new ModelException($"The model file '{path}' does not exist. 'infill model list' shows which there are.");
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return Read(file, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"The model file '{path}' can't be read: {e.Message}", e);
        }
    }

    /// <summary>The same of a stream that can be sought in, from its beginning.</summary>
    /// <param name="stream">Its length is the file's.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="ModelException">As above.</exception>
    public static GgufHeader Read(Stream stream, string name)
    {
        using var reader = new GgufReader(stream, name);
        return new GgufHeaderParser(reader).Parse();
    }
}

/// <summary>Token ids, null for those that the file doesn't name and no known spelling shows.</summary>
public readonly record struct GgufFimTokens(int? Prefix, int? Suffix, int? Middle)
{
    /// <summary>Whether there is what a prompt of text before and after the cursor needs: some families have no marker for the middle.</summary>
    public bool CanFill => Prefix is not null && Suffix is not null;
}
