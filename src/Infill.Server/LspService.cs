using Microsoft.Extensions.Hosting;

namespace Infill.Server;

/// <summary>Ties a conversation to the host: each ends with the other.</summary>
internal sealed class LspService(Conversation conversation, IHostApplicationLifetime lifetime) : BackgroundService
{
    /// <summary>What the client's last messages ask for; known when the host has stopped.</summary>
    public int ExitCode => conversation.ExitCode;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var stopping = stoppingToken.Register(conversation.Stop); // SIGTERM, Ctrl+C
        await conversation.RunAsync();
        lifetime.StopApplication();
    }
}
