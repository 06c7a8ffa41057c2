namespace Litestream.Replication;

/// <summary>What the status of a replica says of its upkeep. Thread-safe; memory only.</summary>
internal sealed class UpkeepStatus
{
    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private readonly SortedDictionary<Concern, string> _troubles = [];

    /// <summary>What there may be trouble with, in the order in which it is told.</summary>
    internal enum Concern
    {
        Snapshot,
    }

    /// <summary>Something does not work, although what is committed is uploaded.</summary>
    public void Troubled(Concern concern, string detail)
    {
        lock (_lock)
        {
            _troubles[concern] = detail;
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
                Warning = _troubles.Count == 0 ? null : string.Join(' ', _troubles.Values),
            };
        }
    }
}
