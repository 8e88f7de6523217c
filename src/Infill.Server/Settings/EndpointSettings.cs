using Infill.Engine.Remote;

namespace Infill.Server.Settings;

/// <summary>Reads the settings of other machines' models, each with a sentence for what can't be used.</summary>
internal static class EndpointSettings
{
    /// <param name="addresses">As they were written; null where nothing was.</param>
    /// <param name="before">What stands where one of them can't be used: half a list is not what the user meant.</param>
    /// <param name="problem">Told what is wrong.</param>
    public static IReadOnlyList<Uri> Read(IReadOnlyList<string>? addresses, IReadOnlyList<Uri> before, Action<string> problem)
    {
        if (addresses is null) return before;
        var endpoints = new List<Uri>(addresses.Count);
        foreach (var address in addresses)
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
            {
                problem($"The setting infill.endpoints has '{address}'; write the address of a completion server, such as http://gpu-box:8012.");
                return before;
            }

            if (endpoint.UserInfo.Length > 0 || endpoint.Query.Length > 0 || endpoint.Fragment.Length > 0)
            {
                problem($"The setting infill.endpoints has an address of '{endpoint.Host}' with a name, a password or a question in it; write the address alone, and a key into the file that 'endpointKeyFile' names.");
                return before;
            }

            var path = endpoint.AbsolutePath.TrimEnd('/');
            if (path.EndsWith("/v1", StringComparison.Ordinal)) path = path[..^"/v1".Length]; // as other programs have it written
            endpoints.Add(new Uri($"{endpoint.GetLeftPart(UriPartial.Authority)}{path}/"));
        }

        return endpoints;
    }

    public static RemoteDialect Read(string? name, RemoteDialect before, Action<string> problem)
    {
        switch (name)
        {
            case null:
                return before;
            case "auto":
                return RemoteDialect.Auto;
            case "llama-server":
                return RemoteDialect.LlamaServer;
            case "openai":
                return RemoteDialect.OpenAi;
            case "openai-suffix":
                return RemoteDialect.OpenAiSuffix;
            default:
                problem($"The setting infill.endpointDialect is '{name}'; it must be auto, llama-server, openai or openai-suffix.");
                return before;
        }
    }
}
