using System.Text;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Engine;

/// <summary>Prompts for <see cref="ScriptedModel"/>.</summary>
internal static class Prompts
{
    public static List<int> Bytes(string text) => [.. Encoding.UTF8.GetBytes(text).Select(static b => (int)b)];

    /// <summary>Text, then the middle token that <see cref="ScriptedModel.Says(string)"/> looks for.</summary>
    public static List<int> Fim(string text) => [.. Bytes(text), ByteVocabulary.Middle];

    /// <summary><paramref name="count"/> tokens that differ from prompt to prompt by <paramref name="kind"/>.</summary>
    public static List<int> Long(int count, char kind = 'x') => [.. Enumerable.Repeat((int)kind, count)];
}
