namespace Infill.Models.Gguf;

/// <summary>How the families of models spell the markers of text before, after and between.</summary>
internal static class FimSpellings
{
    /// <summary>Longest spelling in bytes: a longer token is none.</summary>
    public const int MostBytes = 32;

    /// <returns>Which marker the token is; null for none.</returns>
    public static FimMarker? Of(ReadOnlySpan<byte> token)
    {
        if (token.Length is < 5 or > MostBytes) return null; // nearly all tokens end here
        if (token.SequenceEqual("<|fim_prefix|>"u8) || token.SequenceEqual("<fim_prefix>"u8) || token.SequenceEqual("<fim-prefix>"u8)
            || token.SequenceEqual("<｜fim▁begin｜>"u8) || token.SequenceEqual("<[fim-prefix]>"u8) || token.SequenceEqual("▁<PRE>"u8) || token.SequenceEqual("<PRE>"u8)
            || token.SequenceEqual("[PREFIX]"u8) || token.SequenceEqual("<|code_prefix|>"u8) || token.SequenceEqual("<|prefix|>"u8)
            || token.SequenceEqual("▁<AIX-SPAN-PRE>"u8) || token.SequenceEqual("<AIX-SPAN-PRE>"u8)) return FimMarker.Prefix;
        if (token.SequenceEqual("<|fim_suffix|>"u8) || token.SequenceEqual("<fim_suffix>"u8) || token.SequenceEqual("<fim-suffix>"u8)
            || token.SequenceEqual("<｜fim▁hole｜>"u8) || token.SequenceEqual("<[fim-suffix]>"u8) || token.SequenceEqual("▁<SUF>"u8) || token.SequenceEqual("<SUF>"u8)
            || token.SequenceEqual("[SUFFIX]"u8) || token.SequenceEqual("<|code_suffix|>"u8) || token.SequenceEqual("<|suffix|>"u8)
            || token.SequenceEqual("▁<AIX-SPAN-POST>"u8) || token.SequenceEqual("<AIX-SPAN-POST>"u8)) return FimMarker.Suffix;
        if (token.SequenceEqual("<|fim_middle|>"u8) || token.SequenceEqual("<fim_middle>"u8) || token.SequenceEqual("<fim-middle>"u8)
            || token.SequenceEqual("<｜fim▁end｜>"u8) || token.SequenceEqual("<[fim-middle]>"u8) || token.SequenceEqual("▁<MID>"u8) || token.SequenceEqual("<MID>"u8)
            || token.SequenceEqual("<|code_middle|>"u8) || token.SequenceEqual("<|middle|>"u8)
            || token.SequenceEqual("▁<AIX-SPAN-MIDDLE>"u8) || token.SequenceEqual("<AIX-SPAN-MIDDLE>"u8)) return FimMarker.Middle;
        return null;
    }
}

internal enum FimMarker
{
    Prefix,
    Suffix,
    Middle,
}
