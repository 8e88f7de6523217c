using Infill.Completion.Documents;

namespace Infill.Completion.Context;

/// <summary>Which texts may become context, by their names and by what they hold. Pure.</summary>
public static class ContextFilter
{
    /// <summary>Longer files were written by a program.</summary>
    public const int MostCharacters = 400_000;

    /// <summary>False for binary, huge and secret-looking files, whatever the ignore rules say.</summary>
    public static bool Admits(string path, SourceText text)
    {
        if (text.Length > MostCharacters || SecretScan.IsSecretName(path)) return false;
        var whole = text.ToString();
        return !whole.Contains('\0', StringComparison.Ordinal) && !SecretScan.HasPrivateKey(whole);
    }
}
