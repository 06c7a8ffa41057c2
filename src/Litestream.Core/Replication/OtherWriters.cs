using Litestream.Shadow;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>
/// Who else replicates to the same place, and which of two goes on: the one whose generation began later, since in every
/// deployment, fail-over and restore onto a new machine the newcomer is the one that is meant. Thread-safe.
/// </summary>
/// <remarks>
/// What was there before our generation is somebody's past, whatever its dates say: nobody is ever superseded by that. What
/// has come since and is dated later than our beginning takes over. A process that has not yet added anything to what an
/// earlier one began is the newcomer itself, and begins anew.
/// </remarks>
/// <param name="store">The replica.</param>
/// <param name="database">The database, which knows what is its own.</param>
/// <param name="standing">Knows which generations this process has been in.</param>
internal sealed class OtherWriters(ReplicaStore store, ICapturedDatabase database, ReplicaStanding standing)
{
    /// <summary>What is dated within this time of each other may have been written in another order: answers get lost, clocks of stores differ.</summary>
    private static readonly TimeSpan SameTime = TimeSpan.FromMinutes(5);

    /// <summary>One that has added nothing for so long has gone: what it left is history like any other.</summary>
    private static readonly TimeSpan Gone = TimeSpan.FromHours(24);

    private readonly Lock _lock = new(); // guards the fields below; outermost
    private HashSet<string>? _before; // there before our generation, or when this process first looked
    private HashSet<string> _seen = new(StringComparer.Ordinal);

    // Of a generation that loses its first snapshots to retention, the beginning stays what it was.
    private Dictionary<string, DateTimeOffset> _began = new(StringComparer.Ordinal);

    /// <summary>A generation is about to begin: what is there now came before it. One request.</summary>
    /// <exception cref="ReplicaException">It could not be listed.</exception>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        var names = await store.ListGenerationsAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            (_before, _seen) = (names, names);
        }
    }

    /// <summary>Looks whether another generation with a snapshot has come since the last look. One request, and one more for each that has come.</summary>
    /// <exception cref="ReplicaException">It could not be listed.</exception>
    public async Task<bool> AnyNewAsync(CancellationToken cancellationToken)
    {
        foreach (var name in await store.ListGenerationsAsync(cancellationToken).ConfigureAwait(false))
        {
            bool isKnown;
            lock (_lock)
            {
                isKnown = _before is not null && _seen.Contains(name);
            }

            if (!isKnown
                && !IsOurs(name)
                && (await store.ListAsync(ReplicaLayout.SnapshotsPrefix(name), cancellationToken).ConfigureAwait(false)).Count > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What another writer means for us; null if there is none, or if it comes second to what the inventory itself shows.</summary>
    /// <param name="inventory">All that the replica holds.</param>
    /// <param name="believed">Where we are.</param>
    public Inspection? Judge(ReplicaInventory inventory, ReplicaProgress believed)
    {
        var generation = believed.Cursor.Generation;
        lock (_lock)
        {
            Remember(inventory, believed);
            var isFirst = _before is null;
            _seen = inventory.Generations.Select(found => found.Name).ToHashSet(StringComparer.Ordinal);
            _before ??= _seen;

            var began = _began[generation];
            InventoryGeneration? shares = null;
            foreach (var other in inventory.Generations.Where(found => found.Name != generation && !IsOurs(found.Name)))
            {
                if ((isFirst || !_before.Contains(other.Name)) && BeganLater(other.Name, generation))
                {
                    return isFirst
                        ? new Inspection.Unsound(generation, GenerationReason.ReplicaConflict, Describe(other, generation))
                        : new Inspection.Superseded(
                            $"Generation {other.Name} began on {store.Description} at {_began[other.Name]:O}, later than generation {generation} of this "
                            + "process: another machine replicates to the same place, and the one that began later goes on. Nothing is uploaded from here any more. "
                            + "Give each machine a path of its own, or restart this process if it is the one that is to go on.");
                }

                shares ??= other.LastStoredAt > began + SameTime && !IsGone(other) ? other : null;
            }

            return shares is null ? null : new Inspection.Shared(Describe(shares, generation));
        }
    }

    private bool IsOurs(string name) => standing.IsOurs(name) || database.Shadow.Generations.Contains(name);

    private bool IsGone(InventoryGeneration other) => store.Clock.Now is { } now && now - other.LastStoredAt >= Gone;

    /// <summary>Of two that began at the same time the one with the greater name: so that exactly one of them loses.</summary>
    private bool BeganLater(string other, string ours) =>
        _began.TryGetValue(other, out var theirs)
        && (theirs.CompareTo(_began[ours]) is not 0 and var order ? order > 0 : string.CompareOrdinal(other, ours) > 0);

    private void Remember(ReplicaInventory inventory, ReplicaProgress believed)
    {
        var began = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal)
        {
            [believed.Cursor.Generation] = believed.Newest.CreatedAt,
        };
        foreach (var (name, snapshot) in inventory.Generations.SelectMany(found => found.Snapshots.Select(snapshot => (found.Name, snapshot))))
        {
            began[name] = began.TryGetValue(name, out var known) && known < snapshot.CreatedAt ? known : snapshot.CreatedAt;
        }

        foreach (var name in began.Keys.Where(_began.ContainsKey).ToList())
        {
            began[name] = began[name] < _began[name] ? began[name] : _began[name];
        }

        _began = began;
    }

    private string Describe(InventoryGeneration other, string generation) =>
        $"generation {other.Name} on {store.Description} was written to at {other.LastStoredAt:O}, after generation "
        + $"{generation} had begun: somebody else replicates to the same place";
}
