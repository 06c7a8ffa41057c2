namespace Litestream.Replication;

/// <summary>What the status of a replica says of its upkeep. Thread-safe; memory only.</summary>
internal sealed class UpkeepStatus
{
    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private readonly SortedDictionary<Concern, (string Detail, int Times)> _troubles = [];
    private DateTimeOffset? _lastCheckedAt;

    /// <summary>What there may be trouble with, in the order in which it is told.</summary>
    internal enum Concern
    {
        Replica,
        Snapshot,
        Retention,
        Check,
    }

    /// <summary>The replica was looked at and holds what it should.</summary>
    public void Inspected(DateTimeOffset now)
    {
        lock (_lock)
        {
            _lastCheckedAt = now;
            _troubles.Remove(Concern.Replica);
            _troubles.Remove(Concern.Check);
        }
    }

    /// <summary>Something does not work, although what is committed is uploaded.</summary>
    /// <returns>How many times in a row.</returns>
    public int Troubled(Concern concern, string detail)
    {
        lock (_lock)
        {
            var times = _troubles.TryGetValue(concern, out var before) ? before.Times + 1 : 1;
            _troubles[concern] = (detail, times);
            return times;
        }
    }

    public void Mended(Concern concern)
    {
        lock (_lock)
        {
            _troubles.Remove(concern);
        }
    }

    /// <summary>Adds to a status what it has to say.</summary>
    public ReplicaStatus AddTo(ReplicaStatus status, KnownSnapshot? newest)
    {
        lock (_lock)
        {
            return status with
            {
                LastSnapshotAt = newest?.CreatedAt,
                LastCheckedAt = _lastCheckedAt,
                Warning = _troubles.Count == 0 ? null : string.Join(' ', _troubles.Values.Select(trouble => trouble.Detail)),
            };
        }
    }
}
