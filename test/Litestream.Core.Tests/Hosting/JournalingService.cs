using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;

namespace Litestream.Hosting;

/// <summary>The application's own hosted service, which writes into the same journal as the engines.</summary>
internal sealed class JournalingService(ConcurrentQueue<string> journal, string? failsAt = null) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Note("app starting");

    public Task StartAsync(CancellationToken cancellationToken) => Note("app start");

    public Task StartedAsync(CancellationToken cancellationToken) => Note("app started");

    public Task StoppingAsync(CancellationToken cancellationToken) => Note("app stopping");

    public Task StopAsync(CancellationToken cancellationToken) => Note("app stop");

    public Task StoppedAsync(CancellationToken cancellationToken) => Note("app stopped");

    private Task Note(string what)
    {
        journal.Enqueue(what);
        return what == failsAt ? Task.FromException(new InvalidOperationException("The application's own failure.")) : Task.CompletedTask;
    }
}
