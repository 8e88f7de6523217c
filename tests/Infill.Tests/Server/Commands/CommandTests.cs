using System.Text.Json;
using Infill.Tests.Engine.Llama;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Commands;

public sealed class CommandTests
{
    [Theory]
    [InlineData("complete /nowhere.py:1", 2, "The file '/nowhere.py' does not exist.")]
    [InlineData("complete /nowhere.py", 2, "names no place")]
    [InlineData("complete", 2, "infill --help")]
    [InlineData("complete /etc/hosts:1 --max-tokens 0", 2, "--max-tokens is 0; it must be between 1 and 1024.")]
    [InlineData("complete /etc/hosts:1 --max-tokens many", 2, "infill --help")]
    [InlineData("dance", 2, "infill --help")]
    [InlineData("complete /etc/hosts:1 --model /nowhere.gguf", 1, "/nowhere.gguf")]
    [InlineData("complete /etc/hosts:1 --template nosuch", 2, "There is no template 'nosuch'; there are auto, infill,")]
    [InlineData("complete /etc/hosts:1 --template codestral", 1, "The template 'codestral' needs '[SUFFIX]' as one special token, and the model infill-52m has none.")]
    [InlineData("bench --against 127.0.0.1", 2, "--against is '127.0.0.1'; write [NAME=]URL")]
    [InlineData("bench --against http://a --against http://b", 2, "Two peers are called 'peer'; name them apart.")]
    [InlineData("bench --part lunch", 2, "There is no part 'lunch'; there are bare, typing")]
    [InlineData("bench --rounds 0", 2, "--rounds is 0; it must be between 1 and 100.")]
    [InlineData("bench --keys 2 --rounds 5", 2, "--keys is 2; it must be between the number of rounds and 2000.")]
    [InlineData("bench --svg /nowhere/chart.svg", 2, "The folder of --svg '/nowhere/chart.svg' does not exist.")]
    [InlineData("serve --listen nowhere", 2, "--listen is 'nowhere'; write ADDRESS:PORT")]
    [InlineData("serve --listen 127.0.0.1", 2, "--listen is '127.0.0.1'; write ADDRESS:PORT")]
    [InlineData("serve --listen 0.0.0.0:0", 2, "can be reached from other machines: give --api-key-file FILE")]
    [InlineData("serve --api-key-file /nowhere.key", 2, "The key file '/nowhere.key' can't be read")]
    [InlineData("serve --listen 127.0.0.1:0 --model /nowhere.gguf", 1, "/nowhere.gguf")]
    [InlineData("bench --part bare --model /nowhere.gguf", 1, "/nowhere.gguf")]
    public async Task What_is_wrong_is_said_in_a_sentence_and_by_the_exit_code(string arguments, int exitCode, string sentence)
    {
        var program = await ChildProgram.RunAsync(arguments.Split(' '));

        Assert.Equal(exitCode, program.ExitCode);
        Assert.Contains(sentence, program.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Error, StringComparison.Ordinal); // no stack trace
        Assert.Empty(program.Output);
    }

    [Fact]
    public async Task A_model_file_that_is_none_is_said()
    {
        using var file = new TemporaryFile("this is no model"u8);

        var program = await ChildProgram.RunAsync(["complete", "/etc/hosts:1", "--model", file.Path]);

        Assert.Equal(1, program.ExitCode);
        Assert.Contains(file.Path, program.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_is_no_failure()
    {
        var program = await ChildProgram.RunAsync(["complete", "--help"]);

        Assert.Equal(0, program.ExitCode);
        Assert.Contains("PATH:LINE[:COL]", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_user_s_file_and_variables_are_read_and_their_mistakes_are_said()
    {
        var home = Directory.CreateTempSubdirectory("infill-settings-").FullName;
        Directory.CreateDirectory(Path.Combine(home, "infill"));
        await File.WriteAllTextAsync(Path.Combine(home, "infill", "config.json"), """{"maxLines":0}""");

        var program = await ChildProgram.RunAsync(
            ["complete", "/etc/hosts:1", "--model", "/nowhere.gguf"], ("XDG_CONFIG_HOME", home), ("INFILL_MAX_TOKENS", "0"));

        Directory.Delete(home, recursive: true);
        Assert.Contains("The setting infill.maxLines is 0; it must be between 1 and 200.", program.Error, StringComparison.Ordinal);
        Assert.Contains("The setting infill.maxTokens is 0; it must be between 1 and 1024.", program.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_file_that_holds_secrets_nothing_is_suggested()
    {
        var folder = Directory.CreateTempSubdirectory("infill-secret-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, ".env"), "A=1\n");

        var program = await ChildProgram.RunAsync(["complete", Path.Combine(folder, ".env") + ":1"]);

        Directory.Delete(folder, recursive: true);
        Assert.Equal((1, ""), (program.ExitCode, program.Output));
        Assert.Contains("its name says that it holds secrets", program.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_arguments_that_the_specification_has_editors_pass_are_taken()
    {
        var program = await ChildProgram.RunAsync(["lsp", "--stdio", "--clientProcessId=1"]);

        Assert.Equal((1, "", ""), (program.ExitCode, program.Output, program.Error)); // the input ended, no more than that
    }

    [Fact]
    public async Task The_end_of_the_input_ends_the_server_which_says_nothing()
    {
        var program = await ChildProgram.RunAsync(["lsp"]);

        Assert.Equal((1, "", ""), (program.ExitCode, program.Output, program.Error));
    }
}

/// <summary>With the default model.</summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class CompleteCommandTests
{
    [Fact]
    public async Task The_first_command_of_the_README_prints_a_suggestion()
    {
        const string command = "dotnet run -c Release --project src/Infill.Server -- complete ";
        var readme = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "README.md"));
        var place = Assert.Single(readme, static line => line.StartsWith(command, StringComparison.Ordinal))[command.Length..];

        var program = await ChildProgram.RunAsync(["complete", place]);

        Assert.Equal(0, program.ExitCode);
        Assert.NotEmpty(program.Output.Trim());
    }

    [Fact]
    public async Task Complete_writes_the_suggestion_and_then_what_it_took()
    {
        using var file = new TemporaryFile("def add(a, b):\n    return \n"u8);

        var program = await ChildProgram.RunAsync(["complete", file.Path + ":2", "--max-tokens", "16"]);

        Assert.Equal(0, program.ExitCode);
        Assert.NotEmpty(program.Output.Trim());
        Assert.Matches(@"^first text \d+ ms, total \d+ ms, \d+ tokens, \d+ tokens/s, \d+ prompt tokens", program.Error);
    }

    [Fact]
    public async Task Complete_explains_which_bytes_of_which_files_the_prompt_has()
    {
        var folder = Directory.CreateTempSubdirectory("infill-explain-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "money.py"), "class Money:\n    def convert(self, rate):\n        return rate\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "main.py"), "price = Money(5)\nprice.\n");

        var program = await ChildProgram.RunAsync(["complete", Path.Combine(folder, "main.py") + ":2", "--max-tokens", "4", "--explain"], ("INFILL_CONTEXT_TOKENS", "200"));

        Directory.Delete(folder, recursive: true);
        Assert.Equal(0, program.ExitCode);
        Assert.Matches(@"money\.py, lines 1-3, bytes 1-\d+: \d+ tokens, defines Money \(score [\d.]+\)\n    \| class Money:", program.Error);
        Assert.Contains("main.py, lines 1-2, bytes 1-", program.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Complete_prints_one_object_as_JSON()
    {
        using var file = new TemporaryFile("def add(a, b):\n    return \n"u8);

        var program = await ChildProgram.RunAsync(["complete", file.Path + ":2", "--max-tokens", "16", "--json"]);

        var report = JsonElement.Parse(program.Output);
        Assert.NotEmpty(report.GetProperty("text").GetString()!);
        Assert.True(report.GetProperty("tokens").GetInt32() is > 0 and <= 16);
        Assert.Empty(program.Error);
    }
}
