using Infill.Engine;

namespace Infill.Server.Sharing;

/// <summary>One editor's place at an engine that it shares with others. Any thread.</summary>
/// <param name="Engine">Left alone when the editor goes.</param>
/// <param name="Progress">Of its model's loading.</param>
/// <param name="IsAlone">Whether no other editor is there.</param>
/// <param name="NewPageLink">Has the engine's live page shown, and gives the address to open.</param>
/// <param name="Renew">Ends the engine's process: those of the editors that need one start another. Null for a process that is not theirs.</param>
internal sealed record SharedSeat(CompletionEngine Engine, LoadProgress Progress, Func<bool> IsAlone, Func<Task<string>> NewPageLink, Action? Renew)
{
    private volatile bool _isLeaving;

    /// <summary>Whether the editor goes over to another model's engine: then this one needn't wait for it to come back.</summary>
    public bool IsLeaving
    {
        get => _isLeaving;
        set => _isLeaving = value;
    }
}
