using Microsoft.Extensions.Hosting;

namespace Litestream.Hosting;

/// <summary>
/// Ties the replication to the life of the application's host. It stands first among the hosted services, so that it is
/// the first to start, and the last to stop: by then nobody writes any more.
/// </summary>
internal sealed class LitestreamHostedService(LitestreamHost litestream) : IHostedLifecycleService
{
    /// <summary>Restores what is missing, unless <c>RestoreLitestreamAsync</c> has done so. A failure stops the start.</summary>
    public Task StartingAsync(CancellationToken cancellationToken) => litestream.RestoreMissingAsync(cancellationToken);

    /// <summary>Starts the loops. An unreachable replica does not stop the application.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => litestream.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Everything else has stopped: uploads the last changes.</summary>
    public Task StoppedAsync(CancellationToken cancellationToken) => litestream.StopAsync(cancellationToken);
}
