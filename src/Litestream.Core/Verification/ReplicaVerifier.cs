using System.Diagnostics;
using Litestream.Diagnostics;
using Litestream.Replication;
using Litestream.Restore;
using Litestream.Shadow;
using Microsoft.Extensions.Logging;

namespace Litestream.Verification;

/// <summary>
/// Proves that one replica restores to what the database holds. Read <see cref="RunAsync"/> for the steps. The database is
/// held still only while its pages are hashed, for as long as a disk takes: never while something is uploaded or downloaded.
/// </summary>
internal sealed class ReplicaVerifier : IDisposable
{
    /// <summary>A replica may rejoin its generation, or the generation may change, in the middle of a verification.</summary>
    private const int Attempts = 2;

    /// <summary>Never less than this is left free on the disk, which may be the database's own.</summary>
    private const long ReserveBytes = SnapshotSpool.ReserveBytes;

    private readonly ICapturedDatabase _database;
    private readonly ReplicaWorker _worker;
    private readonly IReplicaClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<string, long> _freeSpace;
    private readonly SemaphoreSlim _gate = new(1, 1); // one verification of a replica at a time
    private readonly VerificationRecord _record = new();
    private readonly DateTimeOffset _since;

    /// <param name="database">The database.</param>
    /// <param name="worker">The one who writes to the replica.</param>
    /// <param name="client">The replica; not disposed.</param>
    /// <param name="interval">Between two verifications; null for none by itself.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of what was found.</param>
    /// <param name="freeSpace">Free bytes on the disk of a folder; null for the operating system's answer.</param>
    public ReplicaVerifier(
        ICapturedDatabase database,
        ReplicaWorker worker,
        IReplicaClient client,
        TimeSpan? interval,
        TimeProvider time,
        ILogger logger,
        Func<string, long>? freeSpace = null)
    {
        (_database, _worker, _client, Interval, _time, _logger) = (database, worker, client, interval, time, logger);
        _since = time.GetUtcNow();
        _freeSpace = freeSpace ?? SnapshotSpool.FreeSpace;
    }

    public string Name => _worker.Name;

    /// <summary>Where verifications are reported.</summary>
    public DatabaseTelemetry? Telemetry { get; init; }

    /// <summary>Shared by the databases of a host: one is verified at a time.</summary>
    public HeavyWork Heavy { get; init; } = HeavyWork.Unshared;

    /// <summary>Told when a difference was found, or is gone, which is a change of the replica's state.</summary>
    public Action<ReplicationState, ReplicationState, string?>? StateChanged { get; set; }

    /// <summary>Between two verifications; null for none by itself.</summary>
    public Setting<TimeSpan?> Interval { get; }

    /// <summary>Wakes its loop: it looks at the interval again.</summary>
    public PositionSignal Changed { get; } = new();

    /// <summary>False while there is nothing to verify: no database yet, or another process replicates it.</summary>
    public bool CanVerify => _database.Shadow.Head is not null;

    /// <summary>Adds to the replica's status what is known.</summary>
    public ReplicaStatus AddTo(ReplicaStatus status)
    {
        status = _record.AddTo(status);
        return CanVerify && Interval.Value is { } interval
            ? status with { VerificationDueBy = (status.LastVerifiedAt is { } last && last > _since ? last : _since) + (2 * interval) }
            : status;
    }

    /// <summary>Verifies now. This is where a verification begins and ends.</summary>
    /// <returns>What was found, also a difference.</returns>
    /// <exception cref="LitestreamException">It could not be done.</exception>
    public async Task<ReplicaVerification> VerifyAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var turn = await Heavy.TakeForVerificationAsync(cancellationToken).ConfigureAwait(false);
            return await VerifyInTurnAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<ReplicaVerification> VerifyInTurnAsync(CancellationToken cancellationToken)
    {
        using var span = LitestreamActivities.Begin(LitestreamActivities.Verify, _database.Name, Name);
        var startedAt = _time.GetTimestamp();
        try
        {
            var verification = await RunAsync(startedAt, cancellationToken).ConfigureAwait(false);
            var difference = Conclude(verification);
            Report(span, startedAt, difference);
            span?.SetTag(LitestreamActivities.Position, verification.Position.ToString());
            return verification;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Report(span, startedAt, exception);
            _record.NotDone(exception.Message);
            Log.VerificationNotDone(_logger, Name, _database.Name, exception.Message);
            throw;
        }
    }

    private async Task<ReplicaVerification> RunAsync(long startedAt, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            // Before the image: a replica cannot be restored to a position before its first snapshot.
            await UploadAsync(cancellationToken).ConfigureAwait(false);
            using var hashes = await HashAsync(cancellationToken).ConfigureAwait(false);
            await UploadAsync(cancellationToken).ConfigureAwait(false);
            string? difference;
            try
            {
                difference = await RestoreAndCompareAsync(hashes, cancellationToken).ConfigureAwait(false);
            }
            catch (ReplicaCorruptedException exception)
            {
                difference = exception.Message;
            }
            catch (ReplicaException exception) when (exception is BackupNotFoundException or ReplicaObjectNotFoundException)
            {
                if (attempt < Attempts)
                {
                    continue;
                }

                difference = _database.Shadow.Head?.Position.Generation == hashes.Position.Generation
                    ? exception.Message
                    : throw new LitestreamException(
                        $"Database '{_database.Name}' has begun a new generation while replica '{Name}' was verified.", exception, isTransient: true);
            }

            return new ReplicaVerification
            {
                Replica = Name,
                Position = hashes.Position,
                Difference = difference,
                DatabaseSize = hashes.DatabaseSize,
                VerifiedAt = hashes.TakenAt,
                Duration = _time.GetElapsedTime(startedAt),
            };
        }
    }

    /// <summary>Has the replica brought up to what is captured.</summary>
    private async Task UploadAsync(CancellationToken cancellationToken)
    {
        var head = _database.Shadow.Head
            ?? throw new LitestreamException($"Database '{_database.Name}' is not open at the moment.", innerException: null, isTransient: true);
        await _worker.SyncAsync(head.Sequence, cancellationToken).ConfigureAwait(false);
        if (_worker.CoveredSequence < head.Sequence)
        {
            throw new ReplicaException(
                $"Replica '{Name}' of database '{_database.Name}' does not hold the last commits yet: {_worker.GetStatus().LastError ?? "a new generation has to come first"}.",
                innerException: null,
                isTransient: true);
        }
    }

    private async Task<PageHashes> HashAsync(CancellationToken cancellationToken)
    {
        using var turn = await _database.TakeHeavyTurnAsync(cancellationToken).ConfigureAwait(false);
        using var image = await _database.OpenImageAsync(cancellationToken).ConfigureAwait(false);
        CheckSpace(image);
        return PageHashes.Take(image, TemporaryPath(".hashes"), cancellationToken);
    }

    private async Task<string?> RestoreAndCompareAsync(PageHashes hashes, CancellationToken cancellationToken)
    {
        var path = TemporaryPath(".db");
        try
        {
            var options = new RestoreOptions
            {
                OutputPath = path,
                Position = hashes.Position,

                // The comparison says more than SQLite could.
                IntegrityCheck = IntegrityCheck.None,
            };
            await new RestoreRunner(_client, Name, _logger, _time).RunAsync(options, cancellationToken).ConfigureAwait(false);
            return hashes.Compare(path, cancellationToken);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <returns>The difference as an error; null if there is none.</returns>
    private ReplicaCorruptedException? Conclude(ReplicaVerification verification)
    {
        if (_record.Done(verification))
        {
            var (sound, faulted) = (ReplicationState.Replicating, ReplicationState.Faulted);
            StateChanged?.Invoke(verification.Succeeded ? faulted : sound, verification.Succeeded ? sound : faulted, verification.Difference);
        }

        if (verification.Difference is not { } difference)
        {
            Log.Verified(_logger, Name, _database.Name, verification.Position, verification.DatabaseSize, verification.Duration);
            return null;
        }

        Log.VerificationFailed(_logger, Name, _database.Name, verification.Position, difference);
        _database.RequestNewGeneration(
            verification.Position.Generation,
            GenerationReason.VerificationFailed,
            $"replica '{Name}' did not restore to what the database holds: {difference}");
        return new ReplicaCorruptedException(difference);
    }

    private void Report(Activity? span, long startedAt, Exception? failure)
    {
        Telemetry?.Verified(Name, _time.GetElapsedTime(startedAt), failure);
        if (failure is not null)
        {
            span.Fail(failure);
        }
    }

    private void CheckSpace(IDatabaseImage image)
    {
        // The restored database, which may have been larger at its snapshot, and the hashes.
        var needed = (long)image.PageCount * image.PageSize * 5 / 4;
        var free = _freeSpace(_database.SpoolDirectory);
        if (free < needed + ReserveBytes)
        {
            throw new LitestreamException(
                $"There is no room in '{_database.SpoolDirectory}' to verify database '{_database.Name}': {needed >> 20} MiB are needed besides {ReserveBytes >> 20} MiB that stay free, and {free >> 20} MiB are free.",
                innerException: null,
                isTransient: true);
        }
    }

    private string TemporaryPath(string suffix)
    {
        Directory.CreateDirectory(_database.SpoolDirectory);
        return Path.Combine(_database.SpoolDirectory, $"verify-{Guid.NewGuid():n}{suffix}");
    }
}
