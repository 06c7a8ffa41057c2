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
    private readonly ReplicaStanding _standing;
    private readonly InspectionSchedule _inspections;
    private readonly ReplicaResume _resume;
    private readonly SegmentUploader _segments;
    private readonly SnapshotUploader _snapshots;
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);

    /// <param name="database">The database.</param>
    /// <param name="store">The replica.</param>
    /// <param name="replica">Name of the replica.</param>
    /// <param name="logger">Where changes of state are said.</param>
    /// <param name="spool">Where snapshots are made.</param>
    /// <param name="standing">What is known to be on the replica, which a pass moves.</param>
    /// <param name="inspections">When it is looked at.</param>
    public ReplicaCatchUp(
        ICapturedDatabase database,
        ReplicaStore store,
        string replica,
        ILogger logger,
        SnapshotSpool spool,
        ReplicaStanding standing,
        InspectionSchedule inspections)
    {
        (_database, _replica, _logger, _standing, _inspections) = (database, replica, logger, standing, inspections);
        var comparer = new SegmentComparer(store, database.Shadow);
        _resume = new ReplicaResume(store, comparer, database.Shadow);
        _segments = new SegmentUploader(database, store, comparer, replica, logger);
        Publisher = new SnapshotPublisher(database, store, _resume, replica, logger);
        _snapshots = new SnapshotUploader(database, store, Publisher, spool, replica);
    }

    /// <summary>Where snapshots and segments are reported.</summary>
    public DatabaseTelemetry Telemetry
    {
        get => _snapshots.Telemetry;
        set => (_snapshots.Telemetry, _segments.Telemetry) = (value, value);
    }

    /// <summary>Looks at the replica before the first upload after a start or a long pause; may refuse the generation.</summary>
    public Func<CancellationToken, Task> Inspect { get; set; } = _ => Task.CompletedTask;

    /// <summary>Told before a generation begins.</summary>
    public required OtherWriters Others { get; init; }

    /// <summary>Puts snapshots onto the replica.</summary>
    public SnapshotPublisher Publisher { get; }

    /// <summary>One pass. Run by one thread at a time.</summary>
    /// <returns>True if the replica holds everything up to <paramref name="head"/>.</returns>
    public async Task<bool> RunAsync(ShadowHead head, CancellationToken cancellationToken)
    {
        var generation = head.Position.Generation;
        if (_standing.RefusalOf(generation) is not null
            || (_standing.Cursor?.Generation != generation && !await EnterAsync(generation, cancellationToken).ConfigureAwait(false)))
        {
            return false;
        }

        for (var snapshots = 0; ;)
        {
            var cursor = _standing.Cursor!;
            if (_standing.RefusalOf(generation) is not null)
            {
                return false;
            }

            if (cursor.NeedsSnapshot)
            {
                if (Mutations.Made == Mutation.WalBeforeFirstSnapshot)
                {
                    await _segments.StepAsync(cursor, cancellationToken).ConfigureAwait(false);
                }

                if (snapshots++ == MaxSnapshotsPerPass || !await UploadSnapshotAsync(cursor, head, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }
            }
            else if (cursor.Position.Covers(head.Position))
            {
                _standing.Covers(cursor, head);
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
                _inspections.Resumed();
                _standing.MoveTo(resumed.Cursor, resumed.Newest);
                return true;
            case ResumeOutcome.Rejoin rejoined:
                Log.ReplicaClaimLost(_logger, _replica, _database.Name, rejoined.Cursor.Position);
                _standing.MoveTo(rejoined.Cursor);
                return true;
            case ResumeOutcome.Refused refused:
                _standing.Refuse(generation, refused.Reason, refused.Detail);
                return false;
            default:
                await Others.BeginAsync(cancellationToken).ConfigureAwait(false);
                _inspections.Watched();
                _standing.MoveTo(new ReplicaCursor(generation, 0, 0) { NeedsSnapshot = true, Uploaded = 0 });
                if (Mutations.Made == Mutation.AcknowledgeBeforeSnapshot && _database.Shadow.Head is { } head)
                {
                    _standing.Covers(new ReplicaCursor(generation, head.Position.Index, head.Position.Offset), head);
                }

                return true;
        }
    }

    /// <summary>
    /// Uploads what the shadow still holds of the generation before, so that the moments just before the break can be
    /// restored (docs/FORMAT.md, H24). After a start it is not known which that was: each one kept is looked at, once.
    /// </summary>
    private async Task LeaveAsync(string generation, CancellationToken cancellationToken)
    {
        var older = _standing.Cursor is { } cursor
            ? [cursor.Generation]
            : _database.Shadow.Generations.TakeWhile(kept => kept != generation).ToList();
        foreach (var left in older)
        {
            if (_left.Contains(left))
            {
                continue;
            }

            if (_standing.RefusalOf(left) is null)
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
            if (_standing.Cursor?.Generation != generation)
            {
                switch (await _resume.RunAsync(generation, cancellationToken).ConfigureAwait(false))
                {
                    case ResumeOutcome.Continue resumed:
                        _standing.MoveTo(resumed.Cursor, resumed.Newest);
                        break;
                    case ResumeOutcome.Refused refused:
                        Log.GenerationNotDrained(_logger, _replica, _database.Name, generation, refused.Detail);
                        return;
                    default:
                        return; // nothing there that WAL could be added to
                }
            }

            while (_standing.Cursor is { NeedsSnapshot: false } cursor)
            {
                switch (await _segments.StepAsync(cursor, cancellationToken).ConfigureAwait(false))
                {
                    case SegmentStep.Moved moved:
                        _standing.MoveTo(moved.Cursor);
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
        if (_standing.Claim.IsNothing)
        {
            _standing.Claim = ShadowClaim.From(cursor.Generation, Math.Max(0, head.Position.Index - 1));
        }

        switch (await _snapshots.UploadAsync(cursor, cancellationToken).ConfigureAwait(false))
        {
            case SnapshotStep.Published published:
                _inspections.Uploaded();
                _standing.MoveTo(published.Cursor, published.Snapshot, published.CoveredSequence);
                return true;
            case SnapshotStep.Refused refused:
                _standing.Refuse(cursor.Generation, refused.Reason, refused.Detail);
                return false;
            default:
                return false;
        }
    }

    private async Task<bool> UploadSegmentAsync(ReplicaCursor cursor, CancellationToken cancellationToken)
    {
        if (_inspections.IsDueBeforeUpload)
        {
            await Inspect(cancellationToken).ConfigureAwait(false);
            if (_standing.RefusalOf(cursor.Generation) is not null)
            {
                return false;
            }
        }

        switch (await _segments.StepAsync(cursor, cancellationToken).ConfigureAwait(false))
        {
            case SegmentStep.Moved moved:
                _inspections.Uploaded();
                _standing.MoveTo(moved.Cursor);
                return true;
            case SegmentStep.NotKept:
                // One whose answer was lost counts too.
                var uploaded = await _resume.CountAsync(cursor.Generation, cancellationToken).ConfigureAwait(false);
                Log.ReplicaClaimLost(_logger, _replica, _database.Name, cursor.Position);
                _standing.MoveTo(cursor with { NeedsSnapshot = true, Uploaded = uploaded });
                return true;
            case SegmentStep.Refused refused:
                _standing.Refuse(cursor.Generation, refused.Reason, refused.Detail);
                return false;
            default:
                // The head names a place that the shadow does not show yet.
                return false;
        }
    }
}
