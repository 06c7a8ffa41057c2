using Litestream.Diagnostics;
using Litestream.Shadow;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// The snapshots after a generation's first: every interval, counted from the newest one's time on the replica, and on
/// demand. The upload runs beside that of the segments, so that half an hour of it is not half an hour of lag.
/// </summary>
/// <remarks>
/// The order of things: an image is spooled and let go of; then the WAL up to the image is brought onto the replica; then
/// the snapshot is published, so that whoever finds it also finds the WAL that it needs (docs/FORMAT.md, H4). An index has
/// room for one snapshot: where there is one, the next waits until the WAL has started over. Nothing is taken while
/// nothing has changed. Thread-safe; one snapshot at a time.
/// </remarks>
/// <param name="database">The database.</param>
/// <param name="store">The replica.</param>
/// <param name="standing">Tells what is on the replica.</param>
/// <param name="publisher">Puts a snapshot onto it.</param>
/// <param name="spool">Where the image is made.</param>
/// <param name="schedule">When one is due.</param>
/// <param name="upload">Brings the WAL up to a sequence onto the replica.</param>
/// <param name="replica">Name of the replica.</param>
/// <param name="logger">Where it is said.</param>
internal sealed class PeriodicSnapshots(
    ICapturedDatabase database,
    ReplicaStore store,
    ReplicaStanding standing,
    SnapshotPublisher publisher,
    SnapshotSpool spool,
    SnapshotSchedule schedule,
    Func<long, CancellationToken, Task> upload,
    string replica,
    ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1); // one snapshot at a time; guards _spooled
    private readonly CancellationTokenSource _closing = new();
    private volatile SpooledSnapshot? _spooled; // kept over failed uploads
    private volatile Uploading? _uploading;

    /// <summary>Where snapshots are reported.</summary>
    public DatabaseTelemetry Telemetry { get; set; } = DatabaseTelemetry.Unmeasured(database.Name);

    /// <summary>True once it is disposed: what ends then is no failure.</summary>
    public bool IsClosed => _closing.IsCancellationRequested;

    /// <summary>How long until a snapshot can be taken or goes on to be uploaded; infinite if only a commit can change that.</summary>
    public TimeSpan UntilDue() => schedule.UntilDue(standing.Progress, database.Shadow.Head, _spooled is not null);

    /// <summary>Takes a snapshot and publishes it, if there is one to take.</summary>
    /// <param name="demanded">True to take it whether it is time or not, and to upload the WAL in any case.</param>
    /// <param name="cancellationToken">Gives up; an image that was spooled is kept for the next attempt.</param>
    /// <returns>The snapshot that was published; null if there was nothing to take.</returns>
    /// <exception cref="ReplicaException">The replica failed.</exception>
    /// <exception cref="LitestreamException">The database could not be read, or there is no room for the image.</exception>
    public async Task<KnownSnapshot?> RunOnceAsync(bool demanded, CancellationToken cancellationToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        await _gate.WaitAsync(ends.Token).ConfigureAwait(false);
        try
        {
            if (demanded && database.Shadow.Head is { } head)
            {
                await upload(head.Sequence, ends.Token).ConfigureAwait(false);
            }

            if ((!demanded && UntilDue() != TimeSpan.Zero)
                || (_spooled is null && (standing.Progress is not { } progress || !SnapshotSchedule.IsWorthwhile(progress, database.Shadow.Head))))
            {
                return null;
            }

            var snapshot = await Telemetry.MeasureAsync(
                LitestreamActivities.Snapshot,
                replica,
                static (telemetry, name, duration, failure) => telemetry.Snapshotted(name, duration, failure),
                () => RunAsync(ends.Token)).ConfigureAwait(false);
            schedule.Succeeded();
            return snapshot;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !ends.IsCancellationRequested)
        {
            schedule.Failed();
            throw;
        }
        finally
        {
            if (_closing.IsCancellationRequested)
            {
                Forget();
            }

            _gate.Release();
        }
    }

    /// <summary>The head has moved: a snapshot of another generation than the one in use is not worth its upload any more.</summary>
    public void HeadChanged(ReplicationPosition head)
    {
        if (_uploading is { } uploading && uploading.Generation != head.Generation)
        {
            uploading.Abandon();
        }
    }

    /// <summary>Nothing is published there any more.</summary>
    public void Superseded() => _uploading?.Abandon();

    /// <summary>Ends what is in progress and removes what was spooled.</summary>
    public void Dispose()
    {
        _closing.Cancel();
        if (_gate.Wait(0))
        {
            Forget();
            _gate.Release();
        }
    }

    private async Task<KnownSnapshot?> RunAsync(CancellationToken cancellationToken)
    {
        if (_spooled is { } old && !IsUsable(old))
        {
            Forget();
        }

        if (_spooled is null)
        {
            if (standing.Progress is not { } progress || !SnapshotSchedule.IsWorthwhile(progress, database.Shadow.Head))
            {
                return null;
            }

            _spooled = await spool.TakeAsync(
                progress.Cursor.Generation, position => position.Index > progress.Newest.Index, cancellationToken).ConfigureAwait(false);
        }

        if (_spooled is not { } snapshot || database.Shadow.Head is not { } head)
        {
            return null;
        }

        // All that the image contains had been captured when it was opened.
        if (Mutations.Made == Mutation.SnapshotBeforeItsWal)
        {
            return await PublishAsync(snapshot, cancellationToken).ConfigureAwait(false);
        }

        await upload(head.Sequence, cancellationToken).ConfigureAwait(false);
        return IsUsable(snapshot) && standing.Progress is { } reached && reached.Cursor.Position.Covers(snapshot.Position)
            ? await PublishAsync(snapshot, cancellationToken).ConfigureAwait(false)
            : null;
    }

    private async Task<KnownSnapshot?> PublishAsync(SpooledSnapshot snapshot, CancellationToken cancellationToken)
    {
        using var uploading = new Uploading(snapshot.Position.Generation, cancellationToken);
        _uploading = uploading;
        try
        {
            if (database.Shadow.Head?.Position.Generation != uploading.Generation || standing.Supersession is not null)
            {
                return null;
            }

            var published = await publisher.PublishAsync(snapshot, uploading.Token).ConfigureAwait(false);
            if (published is null)
            {
                standing.Refuse(
                    uploading.Generation, GenerationReason.ReplicaConflict, SnapshotUploader.Conflict(store, snapshot.Position));
                Forget();
                return null;
            }

            Forget();
            var known = new KnownSnapshot(uploading.Generation, published.Trailer.Index, published.Object.CreatedAt);
            standing.SnapshotPublished(known);
            return known;
        }
        catch (OperationCanceledException) when (uploading.IsAbandoned && !cancellationToken.IsCancellationRequested)
        {
            Log.SnapshotAbandoned(logger, replica, database.Name, uploading.Generation);
            Forget();
            return null;
        }
        finally
        {
            _uploading = null;
        }
    }

    private bool IsUsable(SpooledSnapshot snapshot) =>
        standing.Progress is { } progress
        && snapshot.Position.Generation == progress.Cursor.Generation
        && snapshot.Position.Generation == database.Shadow.Head?.Position.Generation
        && snapshot.Position.Index > progress.Newest.Index;

    private void Forget()
    {
        _spooled?.Dispose();
        _spooled = null;
    }

    /// <summary>An upload in progress, which a change of generation ends.</summary>
    private sealed class Uploading(string generation, CancellationToken cancellationToken) : IDisposable
    {
        private readonly Lock _lock = new(); // guards _source against being cancelled when disposed; taken alone
        private readonly CancellationTokenSource _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        private bool _disposed;

        public string Generation => generation;

        public CancellationToken Token => _source.Token;

        public bool IsAbandoned { get; private set; }

        public void Abandon()
        {
            lock (_lock)
            {
                if (!_disposed && !IsAbandoned)
                {
                    IsAbandoned = true;

                    // Not on this thread, which is the capture's.
                    _ = _source.CancelAsync();
                }
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _disposed = true;
                _source.Dispose();
            }
        }
    }
}
