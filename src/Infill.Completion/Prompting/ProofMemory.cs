using System.Security.Cryptography;
using System.Text;
using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>Which templates have proved themselves on which models: an empty file each, named by a hash of both. Any thread, any process.</summary>
/// <param name="folder">Made when the first is remembered. What can't be read or written there is proved again.</param>
public sealed class ProofMemory(string folder)
{
    /// <summary>Whether the template is known to work on a model with this fingerprint.</summary>
    public bool Holds(IVocabulary model, FimTemplate template) => model.Fingerprint.Length > 0 && File.Exists(FileOf(model, template));

    public void Remember(IVocabulary model, FimTemplate template)
    {
        if (model.Fingerprint.Length == 0) return; // it can't be told from others
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(FileOf(model, template), []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk or a read-only home costs milliseconds at the next start, nothing else.
        }
    }

    private string FileOf(IVocabulary model, FimTemplate template)
    {
        var both = string.Join('\0', model.Fingerprint, template.OneFile, template.Lead, TemplateProof.Identity);
        return Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(both))));
    }
}
