using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Server.Settings;

namespace Infill.Server.Sharing;

/// <summary>The one line that comes before all else on a shared engine's socket.</summary>
/// <param name="Version">Of this line and what follows it: <see cref="CurrentVersion"/>.</param>
/// <param name="Kind">What the sender wants: <see cref="Editor"/> or <see cref="Status"/>.</param>
internal sealed record Hello(int Version, string Kind)
{
    public const int CurrentVersion = 1;

    /// <summary>LSP follows, both ways.</summary>
    public const string Editor = "editor";

    /// <summary>Status reports follow, one a line.</summary>
    public const string Status = "status";

    /// <summary>The user's own settings as the editor's process has them: variables may differ from those of the engine's.</summary>
    public IReadOnlyList<SettingsLayer?> Settings { get; init; } = [];

    /// <summary>The file of the model that was chosen since, whatever the settings say; null where none was.</summary>
    public string? ChosenModel { get; init; }

    /// <summary>Of the editor's process, what pulling a model reads (<see cref="ModelChoice.ModelPlaces.Variables"/>): the engine's may have been started with others.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>The engine's own requests count from here.</summary>
    public long FirstRequestId { get; init; } = 1;
}

/// <summary>The answer, a line too.</summary>
/// <param name="Problem">Why the sender is turned away; null where it is let in.</param>
internal sealed record Welcome(string? Problem = null);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Hello))]
[JsonSerializable(typeof(Welcome))]
internal sealed partial class SharingJsonContext : JsonSerializerContext;
