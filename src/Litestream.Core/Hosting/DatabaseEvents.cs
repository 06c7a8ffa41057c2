using Litestream.Replication;
using Litestream.Verification;

namespace Litestream.Hosting;

/// <summary>Passes on what changes in one database and its replicas.</summary>
internal sealed class DatabaseEvents(string database, StateChanges changes, TimeProvider time)
{
    /// <summary>Passes on every change of state of the capture and of the replicas.</summary>
    public void Follow(CaptureHealth capture, IEnumerable<ReplicaWorker> workers, IEnumerable<ReplicaVerifier> verifiers)
    {
        capture.Changed = (before, now, error) => Raise(replica: null, before, now, error);
        foreach (var worker in workers)
        {
            worker.Health.Changed = (before, now, error) => Raise(worker.Name, before, now, error);
        }

        foreach (var verifier in verifiers)
        {
            verifier.StateChanged = (before, now, error) => Raise(verifier.Name, before, now, error);
        }
    }

    /// <summary>The database's restore begins or ends, before anything is captured.</summary>
    public void Restoring(bool begins)
    {
        var (before, now) = (ReplicationState.Stopped, ReplicationState.Restoring);
        Raise(replica: null, begins ? before : now, begins ? now : before, error: null);
    }

    private void Raise(string? replica, ReplicationState before, ReplicationState now, string? error) =>
        changes.Raise(new ReplicationStateChangedEventArgs
        {
            DatabaseName = database,
            ReplicaName = replica,
            PreviousState = before,
            State = now,
            LastError = now is ReplicationState.Retrying or ReplicationState.Faulted ? error : null,
            ChangedAt = time.GetUtcNow(),
        });
}
