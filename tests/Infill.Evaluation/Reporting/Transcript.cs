using System.Text;
using Infill.Evaluation.Measures;

namespace Infill.Evaluation.Reporting;

/// <summary>Every place with what was there and what each side wrote, to be read.</summary>
internal static class Transcript
{
    private const int Context = 100;

    public static string Render(IReadOnlyList<string> sides, IReadOnlyList<IReadOnlyList<Judgement>> judgements)
    {
        var text = new StringBuilder();
        for (var i = 0; i < judgements[0].Count; i++)
        {
            var place = judgements[0][i].Place;
            var (before, after) = (place.Before, place.After);
            text.Append($"\n#{place.Number} {place.Kind} {place.File.Path}:{place.Start}-{place.End}\n")
                .Append($"  before {Quote(before[Math.Max(0, before.Length - Context)..])}\n  after  {Quote(after[..Math.Min(after.Length, Context)])}\n  truth  {Quote(place.Truth)}\n");
            for (var side = 0; side < sides.Count; side++)
            {
                var judged = judgements[side][i];
                text.Append($"  {sides[side]}{(judged.IsExact ? " =" : "")}{(judged.RepeatsSuffix ? " REPEATS" : "")}{(judged.DamagesBrackets ? " DAMAGES" : "")} ")
                    .Append($"{judged.Answer.Confidence:F2} {Quote(judged.Answer.Text)}\n");
            }
        }

        return text.ToString();
    }

    private static string Quote(string text) => "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\r", "", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal) + "'";
}
