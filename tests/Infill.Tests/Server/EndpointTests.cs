using Infill.Engine;
using Infill.Engine.Remote;
using Infill.Server;
using Infill.Server.Settings;
using Infill.Server.Statistics;
using Infill.Tests.Engine.Remote;
using Infill.Tests.Scenarios;
using Infill.Tests.Server.Commands;

namespace Infill.Tests.Server;

/// <summary>Editors and commands with a model on another machine.</summary>
public sealed class EndpointTests
{
    private const string Evil = """{"capabilities":{},"initializationOptions":{"infill":{"endpoints":["http://evil:1"],"maxTokens":30}}}""";

    [Fact]
    public async Task An_editor_gets_the_server_s_text_and_no_model_is_loaded()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.AnswerAsync("hello"));
        await using var editor = await StartAsync(static () => throw new InvalidOperationException("The local model was loaded."), server.Url);
        await editor.OpenAsync("");

        Assert.Equal("hello", Assert.Single((await editor.InlineAsync(0, 0)).Texts()));
    }

    [Fact]
    public async Task Without_a_server_there_is_no_suggestion_a_warning_and_no_error()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.StatusAsync(500));
        await using var editor = await StartAsync(static () => throw new InvalidOperationException("The local model was loaded."), server.Url);
        await editor.OpenAsync("");

        Assert.Empty((await editor.InlineAsync(0, 0)).Items());
        Assert.Contains(editor.Warnings(), static warning => warning.Contains("failed (500)", StringComparison.Ordinal));

        server.AsLlama(static exchange => exchange.AnswerAsync("again"));
        Assert.Equal("again", Assert.Single((await editor.InlineAsync(0, 0)).Texts()));
    }

    [Fact]
    public async Task The_local_model_is_loaded_when_it_is_needed_first()
    {
        var loads = 0;
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.AnswerAsync("remote"));
        await using var editor = await StartAsync(
            () =>
            {
                Interlocked.Increment(ref loads);
                return new ScriptedWeights(new ScriptedModel());
            },
            server.Url,
            new SettingsLayer { EndpointFallback = true, MaxTokens = 12 });
        await editor.OpenAsync("");
        Assert.Equal("remote", Assert.Single((await editor.InlineAsync(0, 0)).Texts()));
        Assert.Equal(0, loads);
        server.Dispose();

        Assert.Equal(12, Assert.Single((await editor.InlineAsync(0, 0)).Texts()).Length); // the script's letters
        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task A_workspace_can_t_name_servers()
    {
        await using var editor = await TestEditor.StartAsync(new ScriptedModel(), Evil);
        await editor.OpenAsync("");

        Assert.Equal(30, Assert.Single((await editor.InlineAsync(0, 0)).Texts()).Length);
        Assert.Contains("endpoints", Assert.Single(editor.Warnings()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_can_t_be_read_is_told_and_nobody_is_asked()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.AnswerAsync("hello"));
        await using var editor = await StartAsync(static () => throw new InvalidOperationException("The local model was loaded."), server.Url, new SettingsLayer { EndpointKeyFile = "/nowhere/key" });
        await editor.OpenAsync("");

        Assert.Empty((await editor.InlineAsync(0, 0)).Items());
        Assert.Contains(editor.Warnings(), static warning => warning.Contains("The key file '/nowhere/key' can't be read", StringComparison.Ordinal));
        Assert.Empty(server.Exchanges);
    }

    [Fact]
    public async Task Complete_asks_the_server_with_the_key_from_the_file()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.AnswerAsync("a", " + b"));
        using var file = new TemporaryFile("def add(a, b):\n    return \n"u8);
        using var key = new TemporaryFile("\n top-secret \n"u8);

        var program = await ChildProgram.RunAsync(["complete", file.Path + ":2"], ("INFILL_ENDPOINTS", $"{server.Url}v1"), ("INFILL_ENDPOINT_KEY_FILE", key.Path));

        Assert.Equal((0, "a + b"), (program.ExitCode, program.Output.Trim()));
        Assert.Contains("Authorization: Bearer top-secret", server.LastCompletion.Headers);
        Assert.Contains("unknown prompt tokens", program.Error, StringComparison.Ordinal); // the script doesn't tell
        Assert.DoesNotContain("top-secret", program.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Complete_says_what_is_wrong_with_a_server()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.StatusAsync(401));
        using var file = new TemporaryFile("def add(a, b):\n    return \n"u8);

        var program = await ChildProgram.RunAsync(["complete", file.Path + ":2"], ("INFILL_ENDPOINTS", server.Url.ToString()), ("INFILL_ENDPOINT_KEY", "top-secret"));

        Assert.Equal(1, program.ExitCode);
        Assert.Contains("wants a key, or another one", program.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("top-secret", program.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_names_each_server_and_what_it_is()
    {
        using var llama = new ScriptedServer().AsLlama(static exchange => exchange.AnswerAsync("a + b"));
        using var none = new ScriptedServer();

        var program = await ChildProgram.RunAsync(["doctor"], ("INFILL_ENDPOINTS", $"{llama.Url} {none.Url}"));

        Assert.Equal(1, program.ExitCode);
        Assert.Contains($"ok    endpoint     {llama.Url.GetLeftPart(UriPartial.Authority)}: llama-server's /infill, model scripted", program.Output, StringComparison.Ordinal);
        Assert.Contains("FAIL  endpoint", program.Output, StringComparison.Ordinal);
        Assert.Contains("'return a + b' for a sample", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("llama.cpp", program.Output, StringComparison.Ordinal); // no model of this machine is used
    }

    [Fact]
    public async Task What_a_suggestion_cost_the_server_is_counted_where_it_tells()
    {
        var folder = Directory.CreateTempSubdirectory("infill-statistics-");
        var statistics = new StatisticsFile(Path.Combine(folder.FullName, "stats.json"));
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.LettersAsync());
        await using (var editor = await TestEditor.StartAsync(
            static () => throw new InvalidOperationException("The local model was loaded."),
            options: new EditorOptions { Statistics = statistics, OwnLayers = [new SettingsLayer { Endpoints = [server.Url.ToString()], MaxTokens = 5 }] }))
        {
            await editor.OpenAsync("");
            await editor.InlineAsync(0, 0);
        }

        Assert.Equal(4.0, statistics.Read().Single().Value["python"].ComputeMilliseconds); // 1.5 for the prompt and 2.5 for the text, by the script
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("gpu-box:8012")]
    [InlineData("ftp://gpu-box")]
    [InlineData("http://me:secret@gpu-box:8012")]
    [InlineData("http://gpu-box:8012/?key=secret")]
    public void An_address_that_can_t_be_used_is_told_without_what_is_secret_in_it(string address)
    {
        var problems = new List<string>();

        var settings = InfillSettings.From([new SettingsLayer { Endpoints = ["http://good:1", address] }], problems.Add);

        Assert.Empty(settings.Endpoints);
        Assert.DoesNotContain("secret", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://gpu-box:8012", "http://gpu-box:8012/")]
    [InlineData("http://gpu-box:8000/v1/", "http://gpu-box:8000/")]
    [InlineData("https://team/llm/v1", "https://team/llm/")]
    public void An_address_may_be_written_as_other_programs_have_it(string address, string endpoint) =>
        Assert.Equal(endpoint, Assert.Single(InfillSettings.From([new SettingsLayer { Endpoints = [address] }], Assert.Fail).Endpoints).ToString());

    [Fact]
    public void A_key_that_is_none_is_refused_without_being_shown()
    {
        var problem = Assert.Throws<EngineException>(static () => Endpoints.ReadKey(null, "two words"));

        Assert.DoesNotContain("two", problem.Message, StringComparison.Ordinal);
        Assert.Equal("(a key)", new RemoteKey("x").ToString());
    }

    private static Task<TestEditor> StartAsync(Func<IModel> load, Uri server, SettingsLayer? more = null) => TestEditor.StartAsync(
        load, options: new EditorOptions { OwnLayers = [new SettingsLayer { Endpoints = [server.ToString()] }, more] });
}
