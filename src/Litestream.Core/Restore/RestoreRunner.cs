using Litestream.Diagnostics;
using Litestream.Sqlite;
using Litestream.Storage;
using Microsoft.Extensions.Logging;

namespace Litestream.Restore;

/// <summary>
/// Restores a database from a replica. Read <see cref="RunAsync"/> for the steps and their order: the result is a database
/// that passed every check of every byte it was made from, or no file at all.
/// </summary>
internal sealed class RestoreRunner(IReplicaClient client, string? replicaName, ILogger logger, TimeProvider time)
{
    // Retention deletes what a slow restore still needs; each new plan starts from what is there then.
    private const int MaxPlans = 8;

    private readonly ReplicaReader _reader = new(client, time, logger);

    public async Task<RestoreResult> RunAsync(RestoreOptions options, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        RestoreRequest.Validate(options);
        using var target = new RestoreTarget(options.OutputPath, logger);

        var (plan, position, proven) = await BuildAsync(options, target, cancellationToken).ConfigureAwait(false);

        // SQLite reads the file while the disk takes it in. Nothing writes to it any more.
        var flushing = target.FlushAsync();
        try
        {
            CheckIntegrity(options.IntegrityCheck, proven, plan, position, target, cancellationToken);
        }
        finally
        {
            await flushing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await flushing.ConfigureAwait(false);
        var size = new FileInfo(target.TemporaryPath).Length;
        cancellationToken.ThrowIfCancellationRequested();
        target.Publish();

        var result = new RestoreResult(position, replicaName ?? client.Location.ToString(), size, time.GetElapsedTime(startedAt));
        logger.RestoreFinished(target.Path, result.Position, result.DatabaseSize, result.Duration);
        return result;
    }

    private async Task<(RestorePlan Plan, ReplicationPosition Position, bool Proven)> BuildAsync(
        RestoreOptions options, RestoreTarget target, CancellationToken cancellationToken)
    {
        var only = options.Position?.Generation ?? options.Generation;
        var catalog = await _reader.LoadCatalogAsync(only, cancellationToken).ConfigureAwait(false);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (only is not null && catalog.Generations.Count == 0)
                {
                    // To say what is there instead.
                    catalog = await _reader.LoadCatalogAsync(null, cancellationToken).ConfigureAwait(false);
                }

                var plan = await new RestorePlanner(catalog, _reader, time.GetUtcNow()).PlanAsync(options, cancellationToken).ConfigureAwait(false);
                Announce(plan, options, target);
                var (position, proven) = await ApplyAsync(plan, options, target, cancellationToken).ConfigureAwait(false);
                return (plan, position, proven);
            }
            catch (ReplicaException exception) when (attempt < MaxPlans && exception is ReplicaObjectNotFoundException or ReplicaCorruptedException)
            {
                // Missing or contradictory for us may only mean: changed since it was listed.
                var fresh = await _reader.LoadCatalogAsync(only, cancellationToken).ConfigureAwait(false);
                if (exception is ReplicaCorruptedException && IsSame(catalog, fresh))
                {
                    throw;
                }

                logger.RestoreReplanned(exception.Message);
                catalog = fresh;
            }
        }
    }

    private async Task<(ReplicationPosition Position, bool Proven)> ApplyAsync(
        RestorePlan plan, RestoreOptions options, RestoreTarget target, CancellationToken cancellationToken)
    {
        var progress = new ProgressReporter(options.Progress, time);
        progress.Begin(plan);
        var file = target.OpenTemporary();

        var source = _reader.Open(plan.Snapshot.Object, options.Parallelism, progress.AddBytes);
        await using (source.ConfigureAwait(false))
        {
            await SnapshotWriter.WriteAsync(source, plan.Snapshot, plan.SnapshotTrailer, file, plan.Segments.Count > 0, progress.Tick, cancellationToken).ConfigureAwait(false);
        }

        progress.ObjectDone();
        var trailers = new TrailerUnity(_reader);
        trailers.Add(plan.Snapshot.Key, plan.SnapshotTrailer is not null);
        using var pages = new PageApplier(file, target.ScratchPath);
        var segments = new SegmentApplier(pages, plan);
        var downloads = new SegmentDownloader(_reader, options.Parallelism, progress.AddBytes);
        await foreach (var segment in downloads.DownloadAsync(plan.Segments, cancellationToken).ConfigureAwait(false))
        {
            await segments.ApplyAsync(segment, cancellationToken).ConfigureAwait(false);
            trailers.Add(segment.Segment.Key, segment.Trailer is not null);
            progress.ObjectDone();
        }

        return (segments.Finish(), trailers.AllHaveOne);
    }

    private void Announce(RestorePlan plan, RestoreOptions options, RestoreTarget target)
    {
        foreach (var generation in plan.PassedOver)
        {
            logger.RestorePassedOver(generation);
        }

        if (options.Timestamp is { } asked && plan.EndsAt is { } end && end < asked)
        {
            if (plan.NextGeneration is { } next)
            {
                logger.RestoreTimeBetweenGenerations(asked, plan.Generation, end, next, plan.NextBeginsAt);
            }
            else
            {
                logger.RestoreTimeAfterEnd(asked, end);
            }
        }

        logger.RestoreStarted(
            target.Path, client.Location.ToString(), plan.Generation, plan.Snapshot.Index, plan.Segments.Count, plan.Objects.Sum(item => item.Size));
    }

    private static void CheckIntegrity(
        IntegrityCheck check, bool proven, RestorePlan plan, ReplicationPosition position, RestoreTarget target, CancellationToken cancellationToken)
    {
        if (check == IntegrityCheck.None)
        {
            return;
        }

        var full = check == IntegrityCheck.Full || (check == IntegrityCheck.Auto && !proven);
        if (DatabaseCheck.Run(target.TemporaryPath, full, cancellationToken) is { } finding)
        {
            var last = plan.Segments.Count > 0 ? plan.Segments[^1].Key : plan.Snapshot.Key;
            throw new ReplicaCorruptedException(
                $"What the snapshot '{plan.Snapshot.Key}' and the WAL up to '{last}' give at {position} is no sound database: {finding}. "
                + "An object that nothing else tells of may be missing, or the snapshot may be ahead of the WAL. "
                + "Restore an earlier index or time.",
                plan.Snapshot.Key);
        }
    }

    private static bool IsSame(ReplicaCatalog left, ReplicaCatalog right) =>
        Objects(left).SequenceEqual(Objects(right));

    private static IEnumerable<ReplicaObject> Objects(ReplicaCatalog catalog) =>
        catalog.Generations.SelectMany(generation =>
            generation.Snapshots.Select(snapshot => snapshot.Object).Concat(generation.Segments.Select(segment => segment.Object)));
}
