using Litestream.Diagnostics;
using Litestream.Replication;
using Litestream.Verification;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>Passes options that have changed on to those of a database who use them.</summary>
internal sealed class LiveOptions(
    string database, DatabaseReplicator replicator, IReadOnlyList<ReplicaWorker> workers, DatabaseVerifier verifier, ILogger logger)
{
    /// <inheritdoc cref="IDatabaseEngine.Apply"/>
    public void Apply(DatabaseOptions options)
    {
        foreach (var worker in workers)
        {
            worker.Settings.Apply(options.Replicas[worker.Name]);
            verifier.Apply(worker.Name, options.Replicas[worker.Name].VerificationInterval);
        }

        // Waits for the pass in progress, which whoever changed a file must not.
        _ = ApplyToCaptureAsync(options);
    }

    private async Task ApplyToCaptureAsync(DatabaseOptions options)
    {
        try
        {
            await replicator.ApplyAsync(options).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // It has been stopped meanwhile.
        }
        catch (Exception exception)
        {
            Log.OptionsNotApplied(logger, database, exception);
        }
    }
}
