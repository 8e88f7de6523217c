using Infill.Completion.Shaping;
using Infill.Evaluation.Places;
using Infill.Evaluation.Sides;

namespace Infill.Evaluation.Measures;

/// <summary>What an answer is worth at its place.</summary>
/// <param name="IsShown">There is something to show.</param>
/// <param name="IsExact">Its first line is the one that was there, but for blanks at the end.</param>
/// <param name="Similarity">Of the whole text, from 0 to 1.</param>
/// <param name="RepeatsSuffix">See <see cref="DuplicatedSuffix"/>.</param>
/// <param name="CouldDamage">The document's brackets balance without it.</param>
/// <param name="DamagesBrackets">And with it they don't.</param>
internal sealed record Judgement(
    Place Place, Answer Answer, bool IsShown, bool IsExact, double Similarity, bool RepeatsSuffix, bool CouldDamage, bool DamagesBrackets)
{
    public static Judgement Of(Place place, Answer answer)
    {
        var isShown = answer.Text.Trim().Length > 0;
        var couldDamage = BracketStack.IsBalanced(place.Document, place.File.Writing);
        return new Judgement(
            place,
            answer,
            isShown,
            isShown && FirstLine(answer.Text) == FirstLine(place.Truth),
            EditSimilarity.Of(answer.Text.TrimEnd(), place.Truth.TrimEnd()),
            DuplicatedSuffix.IsIn(place, answer.Text),
            couldDamage,
            couldDamage && !BracketStack.IsBalanced(place.Before + answer.Text + place.After, place.File.Writing));
    }

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd();
}
