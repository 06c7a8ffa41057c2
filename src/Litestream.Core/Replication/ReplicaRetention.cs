using Litestream.Diagnostics;
using Litestream.Shadow;
using Litestream.Storage;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// Deletes what <see cref="RetentionPolicy"/> says may go: on the strength of one complete listing of a replica that was
/// found sound, and after the snapshots that take its place have been read back. Used by one thread at a time, but for
/// <see cref="UntilDue"/>.
/// </summary>
/// <remarks>
/// It looks again only when something gets old enough, so that a database at rest costs no requests. Ages are by the store's
/// clock. A folder's is this machine's, which may be set while we run: an object is deleted only when it is as old by the
/// monotonic clock too, as far back as this process knows it. A snapshot's own time, which is by ours, has to be old enough too, and when the two clocks are far apart nothing
/// is deleted: one of them is wrong, and it is not known which.
/// </remarks>
/// <param name="database">The database.</param>
/// <param name="store">The replica.</param>
/// <param name="standing">Tells what is on the replica.</param>
/// <param name="publisher">Reads snapshots back.</param>
/// <param name="settings">How long, and how often.</param>
/// <param name="time">Our clock.</param>
/// <param name="replica">Name of the replica.</param>
/// <param name="logger">Where it is said.</param>
internal sealed class ReplicaRetention(
    ICapturedDatabase database,
    ReplicaStore store,
    ReplicaStanding standing,
    SnapshotPublisher publisher,
    ReplicaSettings settings,
    TimeProvider time,
    string replica,
    ILogger logger)
{
    /// <summary>What the granularity of clocks may hide: a store's times may be whole seconds, and come from several machines.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    /// <summary>Clocks further apart than this are not right, one or the other.</summary>
    public static readonly TimeSpan MaxApart = TimeSpan.FromMinutes(15);

    /// <summary>An application that starts has better things to do; one that starts often must get to it all the same.</summary>
    private static readonly TimeSpan AfterStart = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private DateTimeOffset? _next = DateTimeOffset.MinValue; // the store's time that the cut-off must reach; null for never
    private KnownSnapshot? _newest;
    private long _lastRun = time.GetTimestamp();
    private TimeSpan _pause = settings.RetentionCheckInterval.Value is var every && every < AfterStart ? every : AfterStart;

    // Snapshots that were read back in this process, by key, and what was found.
    private readonly HashSet<string> _proven = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unsound = new(StringComparer.Ordinal);

    /// <summary>True while only an upload can tell the time there: then what is captured matters.</summary>
    public bool WaitsForUpload => settings.Retention.Value is not null && (store.Clock.Now is null || standing.Progress is null);

    /// <summary>How long until there may be something to delete; infinite if only something new on the replica can change that.</summary>
    public TimeSpan UntilDue()
    {
        if (settings.Retention.Value is not { } retention || store.Clock.Now is not { } now || standing.Progress is not { } progress)
        {
            return Timeout.InfiniteTimeSpan;
        }

        lock (_lock)
        {
            if (_newest != progress.Newest)
            {
                // Another snapshot is there, which will be old enough one day, and what came before with it.
                _newest = progress.Newest;
                _next ??= _newest.CreatedAt;
            }

            if (_next is not { } next)
            {
                return Timeout.InfiniteTimeSpan;
            }

            var age = next == DateTimeOffset.MinValue ? TimeSpan.Zero : next + retention + Grace - now;
            var pause = _pause - time.GetElapsedTime(_lastRun);
            var wait = age > pause ? age : pause;
            return wait <= TimeSpan.Zero ? TimeSpan.Zero : wait < MaxWait ? wait : MaxWait;
        }
    }

    /// <summary>The settings have changed: what is due by them is not put off by what was before.</summary>
    public void Changed()
    {
        var every = settings.RetentionCheckInterval.Value;
        lock (_lock)
        {
            _pause = _pause < every ? _pause : every;
        }
    }

    /// <summary>Deletes what may go.</summary>
    /// <param name="inspect">Looks at the replica; null if it was not found sound, or if that could not be told.</param>
    /// <param name="cancellationToken">Gives up; what is left is deleted by the next run.</param>
    /// <exception cref="ReplicaException">The replica failed, or refuses to delete.</exception>
    public async Task RunOnceAsync(Func<CancellationToken, Task<ReplicaInventory?>> inspect, CancellationToken cancellationToken)
    {
        Pause(settings.RetentionCheckInterval.Value);
        if (settings.Retention.Value is not { } retention)
        {
            return;
        }

        if (store.Clock.Ahead is { } ahead && ahead.Duration() > MaxApart)
        {
            throw new ReplicaException(
                $"The clock of the {store.Description} and this machine's are {ahead.Duration():g} apart: nothing is deleted, since ages cannot be told.");
        }

        if (await inspect(cancellationToken).ConfigureAwait(false) is not { } inventory || store.Clock.Now is not { } now)
        {
            return;
        }

        // A clock of its own that agrees with ours is right. A folder's is ours: that it jumped, nobody else can tell.
        var cutOff = (store.HasClockOfItsOwn ? now - retention - Grace : store.Clock.OlderThan(retention + Grace))!.Value;
        var plan = await PlanAsync(inventory, cutOff, retention, cancellationToken).ConfigureAwait(false);
        if (plan is null)
        {
            return;
        }

        if (!plan.IsEmpty)
        {
            await DeleteAsync(plan, cancellationToken).ConfigureAwait(false);
            Log.RetentionRan(logger, replica, database.Name, plan.Snapshots, plan.Segments, cutOff);
        }

        var next = RetentionPolicy.NextAfter(inventory, cutOff);
        lock (_lock)
        {
            _next = next;
        }
    }

    /// <summary>The longest that a timer is set for.</summary>
    private static TimeSpan MaxWait => TimeSpan.FromDays(1);

    /// <summary>A plan whose every support has been read back; null if one turned out to be unsound and the generation ends with it.</summary>
    private async Task<RetentionPlan?> PlanAsync(
        ReplicaInventory inventory, DateTimeOffset cutOff, TimeSpan retention, CancellationToken cancellationToken)
    {
        var avoided = new HashSet<string>(_unsound, StringComparer.Ordinal);
        while (true)
        {
            var plan = RetentionPolicy.Plan(inventory, InUse(), cutOff, avoided);
            var changed = false;
            foreach (var support in plan.ReliesOn.Where(snapshot => !_proven.Contains(snapshot.Key)))
            {
                if (await IsProvenAsync(support, retention, cancellationToken).ConfigureAwait(false) is { } proven)
                {
                    changed |= !proven && avoided.Add(support.Key);
                }
                else
                {
                    return null;
                }
            }

            if (!changed)
            {
                return plan;
            }
        }
    }

    /// <returns>False if it must not be relied on; null if the generation in use ends with it.</returns>
    private async Task<bool?> IsProvenAsync(CatalogSnapshot snapshot, TimeSpan retention, CancellationToken cancellationToken)
    {
        var reading = await store.ReadSnapshotTrailerAsync(snapshot.Object, cancellationToken).ConfigureAwait(false);
        if (reading.Trailer is { } trailer && trailer.TakenAt > time.GetUtcNow() - retention)
        {
            // By our clock it is younger than by the store's.
            return false;
        }

        var damage = reading.State is TrailerState.Damaged or TrailerState.Longer
            ? $"the end of '{snapshot.Key}' is damaged"
            : await publisher.FindDamageAsync(snapshot.Object, reading.Trailer, cancellationToken).ConfigureAwait(false);
        if (damage is null)
        {
            _proven.Add(snapshot.Key);
            return true;
        }

        _unsound.Add(snapshot.Key);
        Log.SnapshotUnsound(logger, snapshot.Key, replica, database.Name, damage);
        if (standing.Progress?.Cursor.Generation == snapshot.Name.Generation)
        {
            standing.Refuse(snapshot.Name.Generation, GenerationReason.ReplicaHoled, $"a snapshot on {store.Description} is damaged: {damage}");
            return null;
        }

        return false;
    }

    private async Task DeleteAsync(RetentionPlan plan, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _next = DateTimeOffset.MinValue; // until all of it is done
        }

        try
        {
            foreach (var keys in plan.Steps)
            {
                standing.DemandOurs();
                await store.DeleteAsync(keys, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ReplicaException exception) when (!exception.IsTransient)
        {
            // A bucket whose objects are locked, or keys that may only write: to go on asking is of no use.
            Pause(settings.ReplicaCheckInterval.Value);
            throw new ReplicaException(
                $"What is older than the retention cannot be deleted from the {store.Description}: {exception.Message} "
                + "Allow it, or set Retention to off if the store's own rules delete.",
                exception);
        }
    }

    /// <summary>Whatever the shadow still keeps may still get its last segments.</summary>
    private HashSet<string> InUse()
    {
        var inUse = new HashSet<string>(database.Shadow.Generations, StringComparer.Ordinal);
        if (database.Shadow.Head is { } head)
        {
            inUse.Add(head.Position.Generation);
        }

        if (standing.Progress is { } progress)
        {
            inUse.Add(progress.Cursor.Generation);
        }

        return inUse;
    }

    private void Pause(TimeSpan pause)
    {
        lock (_lock)
        {
            (_lastRun, _pause) = (time.GetTimestamp(), pause);
        }
    }
}
