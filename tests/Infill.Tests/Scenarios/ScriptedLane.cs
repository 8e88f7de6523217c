using Infill.Engine;

namespace Infill.Tests.Scenarios;

/// <summary>Computes prompts between a <see cref="ScriptedModel"/>'s steps, and is as strict as that.</summary>
internal sealed class ScriptedLane(ScriptedModel model) : IPrefillLane
{
    public const int ChunkTokens = 8;
    private const int PieceTokens = 2;

    private int[] _tokens = [];

    /// <summary>Whose prompt is under way; null while none is.</summary>
    public int? Slot { get; private set; }

    public bool IsRunning { get; private set; }

    public bool CanBegin => Slot is null;

    public int Length { get; private set; }

    public bool TryBegin(int slot, ReadOnlySpan<int> tokens, int length)
    {
        model.CheckOwner();
        ScriptedModel.Check(CanBegin, "two prompts at once");
        ScriptedModel.Check(model.TokensOf(slot).SequenceEqual(tokens[..length].ToArray()), $"slot {slot} doesn't hold the prompt's beginning");
        if (model.LaneIsFull) return false;
        (Slot, _tokens, Length) = (slot, tokens.ToArray(), length);
        return true;
    }

    public bool Run(Func<bool> mayGoOn)
    {
        model.CheckOwner();
        ScriptedModel.Check(!IsRunning && Slot is not null, "run from within, or without a prompt");
        IsRunning = true;
        try
        {
            while (Length < _tokens.Length)
            {
                var chunk = Math.Min(ChunkTokens, _tokens.Length - Length);
                for (var piece = 0; piece < chunk; piece += PieceTokens)
                {
                    model.AfterPiece?.Invoke();
                    if (!mayGoOn()) return false;
                }

                Length += chunk;
            }

            return true;
        }
        finally
        {
            IsRunning = false;
        }
    }

    public bool TryShare()
    {
        ScriptedModel.Check(Slot is not null, "shared without a prompt");
        model.Put(Slot!.Value, model.LaneLoses ? [] : _tokens.Take(Length));
        return !model.LaneLoses;
    }

    public bool TryFinish()
    {
        ScriptedModel.Check(!IsRunning, "ended from within");
        var isThere = TryShare();
        Slot = null;
        return isThere;
    }
}
