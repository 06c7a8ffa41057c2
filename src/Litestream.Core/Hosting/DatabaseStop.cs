using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>Ends the replication of a database, and says in the log what is on its replicas and what is not.</summary>
internal sealed class DatabaseStop(TimeProvider time, ILogger logger)
{
    // What an engine gets beyond the last sync's time, to close its files. An engine that needs longer hangs.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Stops it with its host, within a bound. A failure is logged.</summary>
    /// <param name="database">The database.</param>
    /// <param name="syncTimeout">How long the last sync may take.</param>
    /// <param name="budget">Cancelled when it has taken that long, or the host loses its patience.</param>
    public Task StopAsync(ManagedDatabase database, TimeSpan syncTimeout, CancellationToken budget) =>
        RunAsync(database, () => database.Engine.StopAsync(letGo: false, budget).WaitAsync(syncTimeout + Grace, time, CancellationToken.None));

    /// <summary>Stops it for good, and returns only once nothing of it runs any more. A failure is logged.</summary>
    /// <param name="database">The database.</param>
    /// <param name="budget">Cancelled when the last sync has taken long enough.</param>
    public Task LetGoAsync(ManagedDatabase database, CancellationToken budget) =>
        RunAsync(database, () => database.Engine.StopAsync(letGo: true, budget));

    /// <summary>True if the replica lacks something of what is captured, or something is not captured.</summary>
    public static bool IsBehind(DatabaseStatus status, ReplicaStatus replica) =>
        replica.Lag > TimeSpan.Zero || (!status.Position.IsEmpty && !replica.Position.Covers(status.Position));

    /// <summary>True if no replica lacks anything of what is captured.</summary>
    public static bool IsReplicated(DatabaseStatus status) => !status.Replicas.Any(replica => IsBehind(status, replica));

    private async Task RunAsync(ManagedDatabase database, Func<Task> stop)
    {
        database.NeedsStop = false;
        var before = database.Engine.GetStatus();
        try
        {
            await stop().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Log.StopFailed(logger, database.Definition.Name, e);
        }

        SayWhatIsReplicated(before, database.Engine.GetStatus());
    }

    private void SayWhatIsReplicated(DatabaseStatus before, DatabaseStatus status)
    {
        if (before.State is ReplicationState.Retrying or ReplicationState.Faulted && status.LastSyncedAt == before.LastSyncedAt)
        {
            // What the last sync could not look at either cannot be compared with the replicas.
            Log.NotReadableAtStop(logger, status.Name, status.LastSyncedAt, before.LastError);
            return;
        }

        var behind = status.Replicas.Where(replica => IsBehind(status, replica)).ToList();
        foreach (var replica in behind)
        {
            var position = replica.Position.IsEmpty ? "what it held before" : replica.Position.ToString();
            Log.NotReplicatedAtStop(logger, status.Name, replica.Name, position, status.Position, replica.Lag, replica.LastError ?? status.LastError);
        }

        if (status.Position.IsEmpty)
        {
            Log.StoppedWithoutCapture(logger, status.Name, before.State);
        }
        else if (behind.Count == 0)
        {
            Log.DatabaseStopped(logger, status.Name, status.Position);
        }
    }
}
