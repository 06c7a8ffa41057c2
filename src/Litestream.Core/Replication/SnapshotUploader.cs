using Litestream.Diagnostics;
using Litestream.Shadow;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>
/// Puts the snapshot onto the replica that a generation begins with, or with which a replica rejoins it. It goes up
/// before any WAL of its index, since Litestream refuses a replica whose newest generation has none. Those that come later
/// are <see cref="PeriodicSnapshots"/>.
/// </summary>
internal sealed class SnapshotUploader(
    ICapturedDatabase database, ReplicaStore store, SnapshotPublisher publisher, SnapshotSpool spool, string replica) : IDisposable
{
    // Kept over failed uploads, so that a store that is down for an hour costs one reading of the database and not sixty.
    private SpooledSnapshot? _spooled;

    /// <summary>Where snapshots are reported.</summary>
    public DatabaseTelemetry Telemetry { get; set; } = DatabaseTelemetry.Unmeasured(database.Name);

    /// <summary>Takes a snapshot, unless one waits already, and uploads it.</summary>
    /// <param name="cursor">Where the worker is. Its generation; and if it has uploaded WAL, the index that the snapshot must lie above.</param>
    /// <param name="cancellationToken">Gives up; what was spooled is kept.</param>
    public Task<SnapshotStep> UploadAsync(ReplicaCursor cursor, CancellationToken cancellationToken) =>
        Telemetry.MeasureAsync(
            LitestreamActivities.Snapshot,
            replica,
            static (telemetry, name, duration, failure) => telemetry.Snapshotted(name, duration, failure),
            () => TakeAndUploadAsync(cursor, cancellationToken));

    private async Task<SnapshotStep> TakeAndUploadAsync(ReplicaCursor cursor, CancellationToken cancellationToken)
    {
        if (_spooled is { } old && !IsUsable(old, cursor))
        {
            Forget();
        }

        _spooled ??= await spool.TakeAsync(cursor.Generation, static _ => true, cancellationToken).ConfigureAwait(false);
        if (_spooled is not { } snapshot)
        {
            return new SnapshotStep.GaveUp();
        }

        if (!IsUsable(snapshot, cursor))
        {
            Forget();
            return new SnapshotStep.GaveUp();
        }

        var published = await publisher.PublishAsync(snapshot, cancellationToken).ConfigureAwait(false);
        Forget();
        return published is null
            ? new SnapshotStep.Refused(GenerationReason.ReplicaConflict, Conflict(store, snapshot.Position))
            : new SnapshotStep.Published(
                new ReplicaCursor(cursor.Generation, published.Trailer.Index, 0)
                {
                    MustReach = published.Trailer.CoveredOffset,
                    ImageOffset = published.Trailer.CoveredOffset,
                    Uploaded = cursor.Uploaded,
                },
                new KnownSnapshot(cursor.Generation, published.Trailer.Index, published.Object.CreatedAt),
                published.IsOurs ? snapshot.CoveredSequence : null);
    }

    /// <summary>Removes what waits in the spool folder.</summary>
    public void Dispose() => Forget();

    /// <summary>Says that the place of a snapshot is taken by somebody else's.</summary>
    public static string Conflict(ReplicaStore store, ReplicationPosition position) =>
        $"'{ReplicaLayout.SnapshotKey(position.Generation, position.Index)}' exists on {store.Description} and was not made from "
        + "what was captured here: somebody else writes there";

    /// <summary>The WAL from the snapshot on must still be there, and none of its index on the replica.</summary>
    private bool IsUsable(SpooledSnapshot snapshot, ReplicaCursor cursor) =>
        Mutations.Made == Mutation.SnapshotNamedNext
        || (snapshot.Position.Generation == cursor.Generation
        && database.Shadow.Head?.Position.Generation == cursor.Generation
        && database.Shadow.Find(cursor.Generation, snapshot.Position.Index) is not null
        && (snapshot.Position.Index > cursor.Index || (snapshot.Position.Index == cursor.Index && cursor.Offset == 0)));

    private void Forget()
    {
        _spooled?.Dispose();
        _spooled = null;
    }
}
