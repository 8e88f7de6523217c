using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Infill.Engine;
using Infill.Server.Settings;
using Infill.Server.Sharing;
using Infill.Server.Status;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Server.Sharing;

/// <summary>Where editors find their engine's process, and who may use it.</summary>
public sealed class SharedSocketTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("infill-share-").FullName;

    [Fact]
    public void One_process_serves_a_place_and_another_can_when_it_has_ended()
    {
        using (var first = SharedSocket.TryOpen(Place("a")))
        {
            Assert.NotNull(first);
            Assert.Null(SharedSocket.TryOpen(Place("a")));
            using var beside = SharedSocket.TryOpen(Place("b")); // another build or model
            Assert.NotNull(beside);
        }

        Assert.False(File.Exists(Place("a").Socket));
        using var next = SharedSocket.TryOpen(Place("a"));
        Assert.NotNull(next);
    }

    [Fact]
    public void What_a_killed_process_left_is_in_nobody_s_way()
    {
        Place("a").Prepare();
        File.WriteAllText(Place("a").Socket, "");

        using var socket = SharedSocket.TryOpen(Place("a"));

        Assert.NotNull(socket);
    }

    [Fact]
    public void The_socket_and_its_folder_are_the_user_s_alone()
    {
        if (OperatingSystem.IsWindows()) return; // the user's profile is
        using var socket = SharedSocket.TryOpen(Place("a"));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Place("a").Socket));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
    }

    [Fact]
    public void Settings_that_make_another_engine_have_another_place()
    {
        var settings = new InfillSettings();

        Assert.Equal(SharingPlace.Of(settings), SharingPlace.Of(settings with { MaxTokens = 7 })); // the editor's own affair
        Assert.NotEqual(SharingPlace.Of(settings), SharingPlace.Of(settings with { ModelPath = "/other.gguf" }));
        Assert.NotEqual(SharingPlace.Of(settings), SharingPlace.Of(settings with { Engine = settings.Engine with { MaxSequences = 3 } }));
    }

    [Fact]
    public void A_folder_whose_name_is_too_long_for_a_socket_is_said_at_once()
    {
        var place = new SharingPlace(Path.Combine(_folder, new string('x', 100)), "a");

        var problem = Assert.Throws<EngineException>(place.Prepare);

        Assert.Contains("XDG_RUNTIME_DIR", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_whose_model_cannot_be_loaded_reports_why()
    {
        await using var engine = new CompletionEngine(() => throw new EngineException("It is torn."), new EngineOptions(), TimeProvider.System, NullLogger.Instance);
        using var status = new StatusSource(() => engine, static () => "torn", TimeProvider.System);
        await Assert.ThrowsAsync<EngineException>(() => engine.Ready);

        var report = status.Report();

        Assert.Equal(("failed", "It is torn."), (report.State, report.Problem));
    }

    [Fact]
    public async Task Who_connects_over_the_socket_gets_reports_of_the_engine()
    {
        await using var bench = new SharedBench(new ScriptedModel());
        using var socket = SharedSocket.TryOpen(Place("a"))!;
        using var ending = new CancellationTokenSource();
        var listening = bench.Listener.RunAsync(socket.Socket, ending.Token);

        await using (var link = (await EngineDoor.TryConnectAsync(Place("a"), new Hello(Hello.CurrentVersion, Hello.Status), ending.Token))!)
        {
            var report = await LineExchange.ReadAsync(link.Input, StatusJsonContext.Default.StatusReport, ending.Token);
            Assert.Equal(Environment.ProcessId, report!.ProcessId);
        }

        await ending.CancelAsync();
        await listening.WaitAsync(TestEditor.Limit);
    }

    [Theory]
    [InlineData("""{"version":99,"kind":"editor"}""", "This engine speaks version 1, not 99.")]
    [InlineData("""{"version":1,"kind":"burglar"}""", "There is nothing called 'burglar' here.")]
    [InlineData("Content-Length: 2", "No greeting came.")]
    public async Task Who_greets_otherwise_is_turned_away_with_the_reason(string greeting, string problem)
    {
        await using var bench = new SharedBench(new ScriptedModel());
        await using var stream = await bench.ConnectAsync();

        await stream.WriteAsync(Encoding.UTF8.GetBytes(greeting + "\n"));

        var reader = PipeReader.Create(stream);
        Assert.Equal(problem, (await LineExchange.ReadAsync(reader, SharingJsonContext.Default.Welcome, CancellationToken.None))!.Problem);
        Assert.True((await reader.ReadAsync()).IsCompleted);
    }

    [Fact]
    public void An_engine_without_editors_ends_after_a_while_and_not_before()
    {
        var time = new ManualTime();
        var ended = 0;
        using var idle = new IdleWatch(TimeSpan.FromMinutes(10), () => ended++, time);
        time.Advance(TimeSpan.FromMinutes(9));
        idle.Count(1);
        time.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal(0, ended);

        idle.Count(0);
        time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(1, ended);
    }

    [Fact]
    public void A_patience_of_zero_never_ends()
    {
        var time = new ManualTime();
        using var idle = new IdleWatch(TimeSpan.Zero, static () => Assert.Fail("It ended."), time);

        time.Advance(TimeSpan.FromDays(10));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private SharingPlace Place(string name) => new(_folder, name);
}
