using Litestream.S3.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.S3;

/// <summary>
/// Tries out each bucket while the application starts, and says in the log what is wrong or missing there. It holds nobody
/// up: an unreachable store does not keep an application from starting.
/// </summary>
internal sealed class S3StartupProbe(S3ReplicaClientFactory factory, ILogger<S3ReplicaClient> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(factory.ClientsToProbe.Select(client => ProbeAsync(client, _stopping.Token)));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private async Task ProbeAsync(S3ReplicaClient client, CancellationToken cancellationToken)
    {
        try
        {
            Report(await client.ProbeAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The application stops.
        }
        catch (ObjectDisposedException)
        {
            // The database was removed meanwhile.
        }
    }

    private void Report(ReplicaProbe probe)
    {
        foreach (var finding in probe.Findings)
        {
            if (probe.IsUsable)
            {
                Log.ProbeFound(logger, probe.Location, finding);
            }
            else
            {
                Log.ProbeFailed(logger, probe.Location, finding);
            }
        }

        if (probe.Findings.Count == 0)
        {
            Log.ProbeSucceeded(logger, probe.Location);
        }
    }
}
