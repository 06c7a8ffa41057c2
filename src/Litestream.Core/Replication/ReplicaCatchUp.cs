using Litestream.Diagnostics;
using Litestream.Shadow;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// The steps of one pass, in order: leave the generation before, take up the one in use, a snapshot if it has none here,
/// then segments up to what had been captured. It remembers what is known to be on the replica, and forgets nothing of
/// that over a failure: what a failed call did is found out by the next attempt at the same key.
/// </summary>
internal sealed class ReplicaCatchUp : IDisposable
{
    /// <summary>A snapshot whose WAL is gone when it is up at last is followed by another, but not without end.</summary>
    private const int MaxSnapshotsPerPass = 2;

    private readonly ICapturedDatabase _database;
    private readonly string _replica;
    private readonly ILogger _logger;
    private readonly Action<ReplicationPosition, long?> _covered;
    private readonly ReplicaResume _resume;
    private readonly SegmentUploader _segments;
    private readonly SnapshotUploader _snapshots;
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);
    private readonly Lock _lock = new(); // guards _claim; taken alone
    private ShadowClaim _claim = ShadowClaim.Everything;
    private ReplicaCursor? _cursor;
    private volatile Refusal? _refusal;

    /// <param name="database">The database.</param>
    /// <param name="store">The replica.</param>
    /// <param name="replica">Name of the replica.</param>
    /// <param name="logger">Where changes of state are said.</param>
    /// <param name="freeSpace">Free bytes on the disk of a folder.</param>
    /// <param name="covered">Told of each position that is restorable, and of the sequence it covers where that is known.</param>
    public ReplicaCatchUp(
        ICapturedDatabase database,
        ReplicaStore store,
        string replica,
        ILogger logger,
        Func<string, long> freeSpace,
        Action<ReplicationPosition, long?> covered)
    {
        (_database, _replica, _logger, _covered) = (database, replica, logger, covered);
        var comparer = new SegmentComparer(store, database.Shadow);
        _resume = new ReplicaResume(store, comparer, database.Shadow);
        _segments = new SegmentUploader(database, store, comparer, replica, logger);
        _snapshots = new SnapshotUploader(
            database, store, _resume, new SnapshotSpool(database, freeSpace), replica, logger);
    }

    /// <summary>Where snapshots are reported.</summary>
    public DatabaseTelemetry Telemetry { set => _snapshots.Telemetry = value; }

    /// <summary>What is needed of the shadow. Thread-safe.</summary>
    public ShadowClaim Claim
    {
        get
        {
            lock (_lock)
            {
                return _claim;
            }
        }

        private set
        {
            lock (_lock)
            {
                _claim = value;
            }
        }
    }

    /// <summary>
    /// Gives up the claim on the shadow. Thread-safe. The next segment that gets through takes it up again; if by then the
    /// shadow has been removed, a snapshot takes the segment's place.
    /// </summary>
    public void DropClaim() => Claim = ShadowClaim.Nothing;

    /// <summary>Why this generation is not gone on with here; null if it is. Thread-safe.</summary>
    public string? RefusalOf(string generation) => _refusal is { } refusal && refusal.Generation == generation ? refusal.Detail : null;

    /// <summary>One pass. Run by one thread at a time.</summary>
    /// <returns>True if the replica holds everything up to <paramref name="head"/>.</returns>
    public async Task<bool> RunAsync(ShadowHead head, CancellationToken cancellationToken)
    {
        var generation = head.Position.Generation;
        if (RefusalOf(generation) is not null
            || (_cursor?.Generation != generation && !await EnterAsync(generation, cancellationToken).ConfigureAwait(false)))
        {
            return false;
        }

        for (var snapshots = 0; ;)
        {
            var cursor = _cursor!;
            if (cursor.NeedsSnapshot)
            {
                if (snapshots++ == MaxSnapshotsPerPass || !await UploadSnapshotAsync(cursor, head, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }
            }
            else if (cursor.Position.Covers(head.Position))
            {
                _covered(cursor.Restorable, head.Sequence);
                return true;
            }
            else if (!await UploadSegmentAsync(cursor, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }
    }

    public void Dispose() => _snapshots.Dispose();

    private async Task<bool> EnterAsync(string generation, CancellationToken cancellationToken)
    {
        await LeaveAsync(generation, cancellationToken).ConfigureAwait(false);
        switch (await _resume.RunAsync(generation, cancellationToken).ConfigureAwait(false))
        {
            case ResumeOutcome.Continue resumed:
                Log.ReplicaResumed(_logger, _replica, _database.Name, resumed.Cursor.Position);
                MoveTo(resumed.Cursor);
                return true;
            case ResumeOutcome.Rejoin rejoined:
                Log.ReplicaClaimLost(_logger, _replica, _database.Name, rejoined.Cursor.Position);
                MoveTo(rejoined.Cursor);
                return true;
            case ResumeOutcome.Refused refused:
                Refuse(generation, refused.Reason, refused.Detail);
                return false;
            default:
                MoveTo(new ReplicaCursor(generation, 0, 0) { NeedsSnapshot = true });
                return true;
        }
    }

    /// <summary>
    /// Uploads what the shadow still holds of the generation before, so that the moments just before the break can be
    /// restored (docs/FORMAT.md, H24). After a start it is not known which that was: each one kept is looked at, once.
    /// </summary>
    private async Task LeaveAsync(string generation, CancellationToken cancellationToken)
    {
        var older = _cursor is { } cursor
            ? [cursor.Generation]
            : _database.Shadow.Generations.TakeWhile(kept => kept != generation).ToList();
        foreach (var left in older)
        {
            if (_left.Contains(left))
            {
                continue;
            }

            if (RefusalOf(left) is null)
            {
                await DrainAsync(left, cancellationToken).ConfigureAwait(false);
            }

            _left.Add(left);
        }
    }

    private async Task DrainAsync(string generation, CancellationToken cancellationToken)
    {
        try
        {
            if (_cursor?.Generation != generation)
            {
                switch (await _resume.RunAsync(generation, cancellationToken).ConfigureAwait(false))
                {
                    case ResumeOutcome.Continue resumed:
                        MoveTo(resumed.Cursor);
                        break;
                    case ResumeOutcome.Refused refused:
                        Log.GenerationNotDrained(_logger, _replica, _database.Name, generation, refused.Detail);
                        return;
                    default:
                        return; // nothing there that WAL could be added to
                }
            }

            while (_cursor is { NeedsSnapshot: false } cursor)
            {
                switch (await _segments.StepAsync(cursor, cancellationToken).ConfigureAwait(false))
                {
                    case SegmentStep.Moved moved:
                        MoveTo(moved.Cursor);
                        break;
                    case SegmentStep.Refused refused:
                        Log.GenerationNotDrained(_logger, _replica, _database.Name, generation, refused.Detail);
                        return;
                    case SegmentStep.NotKept:
                        Log.GenerationNotDrained(_logger, _replica, _database.Name, generation, "the local copy is not kept any more");
                        return;
                    default:
                        Log.GenerationDrained(_logger, _replica, _database.Name, generation, cursor.Position);
                        return;
                }
            }
        }
        catch (ReplicaException exception) when (exception is ReplicaCorruptedException or ReplicaObjectNotFoundException)
        {
            // The old history is damaged there. That is no reason to keep the new one from being replicated.
            Log.GenerationNotDrained(_logger, _replica, _database.Name, generation, exception.Message);
        }
    }

    private async Task<bool> UploadSnapshotAsync(ReplicaCursor cursor, ShadowHead head, CancellationToken cancellationToken)
    {
        // Before the image is taken: its index must not be removed between the two.
        if (Claim.IsNothing)
        {
            Claim = ShadowClaim.From(cursor.Generation, Math.Max(0, head.Position.Index - 1));
        }

        switch (await _snapshots.UploadAsync(cursor, cancellationToken).ConfigureAwait(false))
        {
            case SnapshotStep.Published published:
                MoveTo(published.Cursor, published.CoveredSequence);
                return true;
            case SnapshotStep.Refused refused:
                Refuse(cursor.Generation, refused.Reason, refused.Detail);
                return false;
            default:
                return false;
        }
    }

    private async Task<bool> UploadSegmentAsync(ReplicaCursor cursor, CancellationToken cancellationToken)
    {
        switch (await _segments.StepAsync(cursor, cancellationToken).ConfigureAwait(false))
        {
            case SegmentStep.Moved moved:
                MoveTo(moved.Cursor);
                return true;
            case SegmentStep.NotKept:
                Log.ReplicaClaimLost(_logger, _replica, _database.Name, cursor.Position);
                MoveTo(cursor with { NeedsSnapshot = true });
                return true;
            case SegmentStep.Refused refused:
                Refuse(cursor.Generation, refused.Reason, refused.Detail);
                return false;
            default:
                // The head names a place that the shadow does not show yet.
                return false;
        }
    }

    private void MoveTo(ReplicaCursor cursor, long? sequence = null)
    {
        _cursor = cursor;
        Claim = cursor.Claim;
        if (!cursor.NeedsSnapshot)
        {
            _covered(cursor.Restorable, sequence);
        }
    }

    private void Refuse(string generation, GenerationReason reason, string detail)
    {
        Log.GenerationRefused(_logger, generation, _database.Name, reason.ToString(), detail);
        _refusal = new Refusal(generation, detail);
        Claim = ShadowClaim.Nothing;
        _database.RequestNewGeneration(generation, reason, detail);
    }

    private sealed record Refusal(string Generation, string Detail);
}
