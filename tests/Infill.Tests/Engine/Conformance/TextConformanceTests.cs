using Infill.Engine.Remote;
using Infill.Tests.Engine.Remote;
using Infill.Tests.Scenarios;
using Infill.Tests.Server.Http;

namespace Infill.Tests.Engine.Conformance;

/// <summary>llama-server's dialect, from a script.</summary>
public sealed class LlamaDialectConformanceTests : TextConformance
{
    protected override Task<TextServer> StartAsync() => Task.FromResult<TextServer>(new ScriptedTextServer(new ScriptedServer().AsLlama(static exchange => exchange.LettersAsync())));
}

/// <summary>OpenAI's dialect, from a script.</summary>
public sealed class OpenAiDialectConformanceTests : TextConformance
{
    protected override Task<TextServer> StartAsync() => Task.FromResult<TextServer>(new ScriptedTextServer(new ScriptedServer().AsOpenAi(static exchange => exchange.LettersAsync())));
}

/// <summary>What <c>infill serve</c> serves, asked as a llama-server.</summary>
public sealed class OwnServerConformanceTests : TextConformance
{
    protected override async Task<TextServer> StartAsync() => new OwnTextServer(await HttpBench.StartAsync(), RemoteDialect.Auto);
}

/// <summary>The same, asked as OpenAI's.</summary>
public sealed class OwnOpenAiServerConformanceTests : TextConformance
{
    protected override async Task<TextServer> StartAsync() => new OwnTextServer(await HttpBench.StartAsync(), RemoteDialect.OpenAi);
}

internal sealed class ScriptedTextServer(ScriptedServer server) : TextServer
{
    private readonly RemoteBench _bench = new(server.Url);

    public override RemotePool Pool => _bench.Pool;

    public override RemoteRequest Request => RemoteBench.Request;

    public override Task QuietAsync() => Wait.UntilAsync(() => Task.FromResult(server.Open == 0));

    public override ValueTask DisposeAsync()
    {
        _bench.Dispose();
        server.Dispose();
        return ValueTask.CompletedTask;
    }
}

internal sealed class OwnTextServer(HttpBench server, RemoteDialect dialect) : TextServer
{
    private readonly RemoteBench _bench = new(new RemoteOptions([server.Client.BaseAddress!]) { Dialect = dialect, WriterFor = static _ => new PrefixWriter() });

    public override RemotePool Pool => _bench.Pool;

    public override RemoteRequest Request => RemoteBench.Request;

    public override Task QuietAsync() => server.AssertQuietAsync();

    public override async ValueTask DisposeAsync()
    {
        _bench.Dispose();
        await server.DisposeAsync();
    }

    private sealed class PrefixWriter : IPromptWriter
    {
        public string Name => "prefix";

        public RemotePrompt Write(RemoteRequest request) => new(request.Prefix, []);
    }
}
