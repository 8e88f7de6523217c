using Infill.Models;
using Infill.Models.Pulling;
using Infill.Server.Settings;

namespace Infill.Server.ModelChoice;

/// <summary>What choosing a model reads and changes of the user's machine.</summary>
/// <param name="Store">The user's models.</param>
/// <param name="SettingsFile">Where the choice is kept.</param>
/// <param name="Variable">The environment.</param>
/// <param name="Pulling">When a pull gives up.</param>
internal sealed record ModelPlaces(ModelStore Store, string SettingsFile, Func<string, string?> Variable, PullOptions Pulling)
{
    /// <summary>The variables that are read.</summary>
    public static IReadOnlyList<string> Variables { get; } = ["HF_ENDPOINT", "HF_TOKEN"];

    public static ModelPlaces OfUser => new(ModelStore.OfUser, SettingsSources.UserFile, Environment.GetEnvironmentVariable, new PullOptions());

    /// <summary>Fetches a model from the hub that <c>HF_ENDPOINT</c> names, else the settings.</summary>
    /// <param name="wanted">What the user named.</param>
    /// <param name="name">What to call it; null for its own name.</param>
    /// <param name="sha256">What it must be; null for what the hub says.</param>
    /// <param name="configured">The hub of the settings.</param>
    /// <exception cref="ModelException">It is no model's name, or there is no hub to ask.</exception>
    public (ModelPull Pull, PullSource Source) Pull(string wanted, string? name, string? sha256, string? configured)
    {
        var hub = PullSources.Hub(Said("HF_ENDPOINT") ?? configured);
        return (new ModelPull(Store, hub, Said("HF_TOKEN"), Pulling), new PullSources(hub).Find(wanted, name, sha256));
    }

    /// <summary>Null where the variable is empty.</summary>
    public string? Said(string variable) => Variable(variable) is { Length: > 0 } value ? value : null;
}
