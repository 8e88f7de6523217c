using System.Collections.Concurrent;
using System.Text;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Context;

/// <summary>What of other open files a session's prompts have, and what they never have.</summary>
public sealed class SessionContextTests : IDisposable
{
    private const string Money = "class Money:\n    def convert(self, rate):\n        return Money(self.cents * rate)\n";

    private readonly string _root = Directory.CreateTempSubdirectory("infill-context-").FullName;
    private readonly ConcurrentQueue<string> _prompts = new();

    [Fact]
    public async Task An_open_file_that_defines_a_name_at_the_cursor_is_in_the_prompt_under_its_name()
    {
        await using var editor = await StartAsync();
        await OpenAsync(editor, "src/money.py", Money);

        await AskAsync(editor, "main.py", "price = Money(5)\nprice.");

        Assert.Contains("src/money.py\nclass Money:\n    def convert(self, rate):\n        return Money(self.cents * rate)\n", _prompts.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_no_tokens_for_it_no_other_file_is_in_a_prompt_nor_indexed()
    {
        await using var editor = await StartAsync(contextTokens: 0);
        await OpenAsync(editor, "money.py", Money);

        await AskAsync(editor, "main.py", "price = Money(5)\nprice.");

        Assert.DoesNotContain("convert", _prompts.Last(), StringComparison.Ordinal);
        Assert.Equal(0, editor.Context.Index.Count);
    }

    [Fact]
    public async Task While_the_user_types_on_the_prompt_s_beginning_stays_the_same()
    {
        await using var editor = await StartAsync();
        await OpenAsync(editor, "money.py", Money);
        await OpenAsync(editor, "sky.py", "def forecast(clouds):\n    return clouds\n");
        await AskAsync(editor, "main.py", "price = Money(5)\n");
        var first = _prompts.Last();

        await editor.TypeAsync(2, 1, 0, "forecast(clouds, ", Uri("main.py"));
        await editor.InlineAsync(1, 17, uri: Uri("main.py"), isInvoked: true);

        var second = _prompts.ElementAt(1); // a better choice may be computed behind it by now
        Assert.Equal(first[..first.IndexOf("main.py", StringComparison.Ordinal)], second[..second.IndexOf("main.py", StringComparison.Ordinal)]);
    }

    [Fact]
    public async Task On_a_line_that_another_file_has_too_that_file_comes_into_the_prompt_once_it_is_computed()
    {
        await using var editor = await StartAsync();
        await OpenAsync(editor, "money.py", Money);
        await OpenAsync(editor, "checks.py", "def check():\n    self.assert_dry(umbrella)\n    done()\n");
        await AskAsync(editor, "main.py", "price = Money(5)\n");
        Assert.DoesNotContain("umbrella", _prompts.Last(), StringComparison.Ordinal);

        await editor.TypeAsync(2, 1, 0, "self.assert_", Uri("main.py"));
        await editor.InlineAsync(1, 12, uri: Uri("main.py"), isInvoked: true);
        await editor.Context.Improved.WaitAsync(TestEditor.Limit);
        await editor.TypeAsync(3, 1, 12, "d", Uri("main.py"));
        await editor.InlineAsync(1, 13, uri: Uri("main.py"), isInvoked: true);

        Assert.Contains("umbrella", _prompts.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_closed_file_nothing_is_in_a_prompt_any_more()
    {
        await using var editor = await StartAsync();
        await OpenAsync(editor, "money.py", Money);
        await editor.CloseAsync(Uri("money.py"));

        await AskAsync(editor, "main.py", "price = Money(5)\nprice.");

        Assert.DoesNotContain("convert", _prompts.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".env", "A=1\n")]
    [InlineData("tls/server.key", "abc\n")]
    [InlineData("kept/out.py", "a = 1\n")]
    public async Task In_a_file_that_must_not_be_in_prompts_nothing_is_suggested_even_by_hand(string path, string text)
    {
        Write(".infillignore", "kept/");
        await using var editor = await StartAsync();

        var texts = await AskAsync(editor, path, text);

        Assert.Empty(texts);
        Assert.Empty(_prompts);
    }

    [Fact]
    public async Task Of_fifty_secret_and_ignored_files_that_are_open_not_a_byte_is_in_any_prompt()
    {
        Write(".gitignore", "ignored/\n*.local.py\n");
        Write(".infillignore", "/private\n");
        Write("deep/.gitignore", "generated.py\n");
        await using var editor = await StartAsync();
        await OpenAsync(editor, "money.py", Money);
        var planted = Planted().ToList();
        Assert.Equal(50, planted.Count);
        foreach (var (path, text) in planted) await OpenAsync(editor, path, text);

        for (var i = 0; i < planted.Count; i++)
        {
            await AskAsync(editor, $"main{i}.py", $"price = Money(5)\nplanted_{i} = PLANTED_{i}\nprice.");
            await editor.CloseAsync(Uri($"main{i}.py"));
        }

        foreach (var (path, _) in planted.Take(20)) await editor.InlineAsync(0, 0, uri: Uri(path), isInvoked: true);

        Assert.Equal(planted.Count, _prompts.Count);
        Assert.All(_prompts, static prompt => Assert.Contains("def convert", prompt, StringComparison.Ordinal)); // others' files are there
        Assert.All(_prompts, static prompt => Assert.DoesNotContain("Sesame", prompt, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_is_not_open_is_found_by_the_name_that_it_defines()
    {
        Write("lib/money.py", Money);
        await using var editor = await StartAsync();

        await AskAsync(editor, "main.py", "price = Money(5)\nprice.");

        Assert.Contains("lib/money.py\nclass Money:", _prompts.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_written_or_removed_on_disk_is_seen_as_it_is()
    {
        Write("lib/money.py", Money);
        await using var editor = await StartAsync(capabilities: ""","workspace":{"didChangeWatchedFiles":{"dynamicRegistration":true} }""");
        await AskAsync(editor, "main.py", "price = Money(5)\nprice.");
        await editor.ReceiveAsync("client/registerCapability", static asked => asked.GetRawText().Contains("workspace/didChangeWatchedFiles", StringComparison.Ordinal));

        Write("lib/money.py", Money.Replace("convert", "exchange", StringComparison.Ordinal));
        await ChangedAsync(editor, "lib/money.py", 2);
        await AskAsync(editor, "other.py", "price = Money(5)\nprice.");
        Assert.Contains("def exchange", _prompts.Last(), StringComparison.Ordinal);

        File.Delete(Path.Combine(_root, "lib", "money.py"));
        await ChangedAsync(editor, "lib/money.py", 3);
        await AskAsync(editor, "third.py", "price = Money(5)\nprice.");
        Assert.DoesNotContain("def exchange", _prompts.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_file_that_is_open_the_editor_s_text_counts_and_closed_the_disk_s()
    {
        Write("money.py", Money);
        await using var editor = await StartAsync();
        await OpenAsync(editor, "money.py", Money.Replace("convert", "exchange", StringComparison.Ordinal));
        await AskAsync(editor, "main.py", "price = Money(5)\nprice.");
        Assert.Contains("def exchange", _prompts.Last(), StringComparison.Ordinal);
        Assert.DoesNotContain("def convert", _prompts.Last(), StringComparison.Ordinal);

        await editor.CloseAsync(Uri("money.py"));
        await AskAsync(editor, "other.py", "price = Money(5)\nprice.");

        Assert.Contains("def convert", _prompts.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_fifty_secret_and_ignored_files_on_disk_not_a_byte_is_in_any_prompt()
    {
        Write(".gitignore", "ignored/\n*.local.py\n");
        Write(".infillignore", "/private\n");
        Write("deep/.gitignore", "generated.py\n");
        Write("money.py", Money);
        var planted = Planted().ToList();
        foreach (var (path, text) in planted.Where(static file => file.Path != "deep/.gitignore")) Write(path, text);
        await using var editor = await StartAsync();

        for (var i = 0; i < planted.Count; i++)
        {
            await AskAsync(editor, $"main{i}.py", $"price = Money(5)\nplanted_{i} = PLANTED_{i}\nprice.");
            await editor.CloseAsync(Uri($"main{i}.py"));
        }

        Assert.Equal(planted.Count, _prompts.Count);
        Assert.All(_prompts, static prompt => Assert.Contains("def convert", prompt, StringComparison.Ordinal));
        Assert.All(_prompts, static prompt => Assert.DoesNotContain("Sesame", prompt, StringComparison.Ordinal));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Each with names that the places ask for, so that it would be chosen, and a word that may be in no prompt.</summary>
    private static IEnumerable<(string Path, string Text)> Planted()
    {
        string[] secret =
        [
            ".env", ".env.local", "app/.env.production", "tls/server.pem", "tls/server.key", "tls/store.p12", "tls/store.pfx", "tls/java.jks", "home/id_rsa", "home/id_ed25519",
            "home/.ssh/config", "home/.aws/credentials", "home/.netrc", ".npmrc", ".pypirc", "config/credentials.json", "config/secrets.yaml", "infra/prod.tfvars", "infra/a.tfstate", "wp-config.php",
        ];
        string[] ignored = ["ignored/a.py", "ignored/deep/b.py", "deep/ignored/c.py", "d.local.py", "deep/e.local.py", "deep/generated.py", "deep/er/generated.py", "private/f.py", "private/er/g.py", ".git/h.py"];
        var number = 0;
        foreach (var path in secret.Concat(ignored)) yield return (path, Text("Sesame"));
        for (; number < 35;) yield return ($"key{number}.py", $"-----BEGIN PRIVATE KEY-----\nSesame\n-----END PRIVATE KEY-----\n{Text("Sesame")}");
        for (; number < 40;) yield return ($"binary{number}.py", $"\0{Text("Sesame")}");
        for (; number < 45;) yield return ($"huge{number}.py", Text("Sesame") + new string('\n', 400_000));
        string[] lines = ["password = 'Sesame12'", "token = ghp_Sesameaaaaaaaaaaaaaaaaaaaaa", "key = 'sk-Sesameaaaaaaaaaaaaaaaa'", "url = 'http://me:Sesame@db'", "aws = 'AKIAIOSFODNN7EXAMPLE' # Sesame"];
        foreach (var line in lines) yield return ($"line{number}.py", $"def planted_{number}():\n    {line}\n    return PLANTED_{number++}\n");

        string Text(string word) => $"PLANTED_{number} = '{word}'\ndef planted_{number}(price):\n    return {word}(PLANTED_{number++})\n";
    }

    private async Task<TestEditor> StartAsync(int contextTokens = 4000, string capabilities = "")
    {
        var model = new ScriptedModel(contextCells: 65_536, contextTokens: 16_384) { Rule = Logged(ScriptedModel.Says("x")) };
        var options = new EditorOptions { OwnLayers = [new SettingsLayer { ContextTokens = contextTokens, SequenceTokens = 16_384 }] };
        return await TestEditor.StartAsync(model, $$"""{"capabilities":{"textDocument":{"inlineCompletion":{} }{{capabilities}} },"workspaceFolders":[{"uri":"{{new Uri(_root)}}","name":"w"}]}""", options);
    }

    private Func<IReadOnlyList<int>, int> Logged(Func<IReadOnlyList<int>, int> rule) => tokens =>
    {
        if (tokens[^1] == ByteVocabulary.Middle) _prompts.Enqueue(Encoding.UTF8.GetString([.. tokens.Where(static token => token < 256).Select(static token => (byte)token)]));
        return rule(tokens);
    };

    private async Task<List<string>> AskAsync(TestEditor editor, string path, string text)
    {
        await OpenAsync(editor, path, text);
        var lines = text.Split('\n');
        return (await editor.InlineAsync(lines.Length - 1, lines[^1].Length, uri: Uri(path), isInvoked: true)).Texts();
    }

    private async Task OpenAsync(TestEditor editor, string path, string text)
    {
        await editor.OpenAsync(text, Uri(path));
        await editor.BarrierAsync();
        await SettledAsync(editor);
    }

    private async Task ChangedAsync(TestEditor editor, string path, int type)
    {
        await editor.NotifyAsync("workspace/didChangeWatchedFiles", $$"""{"changes":[{"uri":{{TestEditor.Json(Uri(path))}},"type":{{type}} }]}""");
        await editor.BarrierAsync();
        await SettledAsync(editor);
    }

    private static async Task SettledAsync(TestEditor editor)
    {
        await editor.Context.Workspace.Settled.WaitAsync(TestEditor.Limit);
        await editor.Context.Index.Settled.WaitAsync(TestEditor.Limit);
    }

    private string Uri(string path) => new Uri(Path.Combine(_root, path)).AbsoluteUri;

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
        File.WriteAllText(Path.Combine(_root, path), text);
    }
}
