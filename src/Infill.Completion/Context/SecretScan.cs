using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace Infill.Completion.Context;

/// <summary>What looks like a secret, by a file's name, its text, or a line. Such never enters a prompt. Pure.</summary>
/// <remarks>It would rather leave out a harmless line than let a key through.</remarks>
public static partial class SecretScan
{
    private const int LongestName = 1024;

    private static readonly string[] s_names =
    [
        ".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "*.asc", "*.gpg", "*.pgp", "*.ovpn",
        "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".npmrc", ".yarnrc*", ".pypirc", ".pgpass", ".my.cnf", ".htpasswd", ".git-credentials",
        ".dockercfg", ".dockerconfigjson", ".s3cfg", ".boto", ".vault-token", "credentials", "*.credentials", "*.secret", "*.secrets", "*.tfstate", "*.tfstate.*",
        "*.tfvars", "*.tfvars.json", "kubeconfig", "*.kubeconfig", "authorized_keys", "*.token", "wp-config.php", "*.agekey",
    ];

    /// <summary>Names of data that is secret; code may well be called so.</summary>
    private static readonly string[] s_dataNames = ["*credential*", "*secret*", "service-account*", "service_account*", "token", "tokens"];

    private static readonly string[] s_dataEndings = [".json", ".jsonc", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".conf", ".config", ".properties", ".xml", ".csv", ".txt", ".plist"];

    private static readonly string[] s_folders = [".ssh", ".aws", ".gnupg", ".kube", ".azure", ".gcloud", ".docker"];

    /// <summary>Whether a file's name says that it holds secrets; so it has no place in prompts, not even its own.</summary>
    /// <param name="path">With slashes; folders count too.</param>
    public static bool IsSecretName(string path)
    {
        if (path.Length > LongestName) path = path[^LongestName..];
        var name = path.AsSpan(path.LastIndexOf('/') + 1);
        foreach (var pattern in s_names)
        {
            if (FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: true)) return true;
        }

        var ending = Path.GetExtension(name).ToString();
        if (s_dataEndings.Contains(ending, StringComparer.OrdinalIgnoreCase))
        {
            foreach (var pattern in s_dataNames)
            {
                if (FileSystemName.MatchesSimpleExpression(pattern, name[..^ending.Length], ignoreCase: true)) return true;
            }
        }

        foreach (var folder in s_folders)
        {
            if (path.StartsWith(folder + "/", StringComparison.OrdinalIgnoreCase) || path.Contains($"/{folder}/", StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    /// <summary>Whether a text holds a private key.</summary>
    public static bool HasPrivateKey(string text) => PrivateKey().IsMatch(text);

    /// <summary>Whether a line holds what looks like a key, a token or a password.</summary>
    public static bool IsTokenLine(string line) => line.Length >= 12 && (KnownToken().IsMatch(line) || NamedSecret().IsMatch(line) || HasRandomWord(line));

    /// <summary>A long run of letters and digits that no name is: keys without a name and without a known beginning.</summary>
    private static bool HasRandomWord(string line)
    {
        foreach (var word in LongWord().EnumerateMatches(line))
        {
            if (IsRandom(line.AsSpan(word.Index, word.Length))) return true;
        }

        return false;
    }

    /// <summary>Digits among letters, over and over: names have theirs at an end.</summary>
    private static bool IsRandom(ReadOnlySpan<char> word)
    {
        var changes = 0;
        for (var i = 1; i < word.Length; i++)
        {
            if (char.IsAsciiDigit(word[i]) != char.IsAsciiDigit(word[i - 1])) changes++;
        }

        return changes * 5 >= word.Length;
    }

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY|PuTTY-User-Key-File|AGE-SECRET-KEY-1", RegexOptions.None, 1000)]
    private static partial Regex PrivateKey();

    [GeneratedRegex(
        @"(?<!\w)(?:(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}|gh[opsur]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|sk-[\w-]{16,}|[sr]k_(?:live|test)_\w{10,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}"
        + @"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}|hf_\w{20,}|npm_\w{20,}|pypi-[\w-]{20,}|dckr_pat_[\w-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}|shpat_\w{20,}|dop_v1_\w{20,}|hvs\.[\w-]{16,}|AGE-SECRET-KEY-1\w+)"
        + @"|://[^\s/:@]+:[^\s/@]{3,}@|(?i:bearer|basic)\s+[\w+/=.-]{20,}",
        RegexOptions.None,
        1000)]
    private static partial Regex KnownToken();

    /// <summary>A name of a secret with a literal behind it; a variable behind it is none.</summary>
    [GeneratedRegex(
        @"(?i)(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?secret|credential|auth[_-]?key|encryption[_-]?key|connection[_-]?string)\w*[""']?\s*(?::=|=>|[:=])\s*(?:[a-z]*[""'`][^""'`\s]{6,}[""'`]|(?=\S*\d)[\w+/=-]{12,}\s*$)",
        RegexOptions.None,
        1000)]
    private static partial Regex NamedSecret();

    [GeneratedRegex("[A-Za-z0-9+/_-]{28,}", RegexOptions.None, 1000)]
    private static partial Regex LongWord();
}
