namespace Litestream.Soak;

/// <summary>
/// Counts what is on one replica, and holds it against what the retention explains: nothing may be there that was not
/// written within the retention, the time to the snapshot before it, and the time to the next look. Not thread-safe.
/// </summary>
internal sealed class ReplicaWatch : IAsyncDisposable
{
    /// <summary>Objects that there may be besides: the first snapshot and what goes up while it is counted.</summary>
    private const int Spare = 12;

    private readonly SoakDatabase _database;
    private readonly string _name;
    private readonly SoakPace _pace;
    private readonly Instruments _instruments;
    private readonly WindowedSum _writes;
    private readonly WindowedSum _wal;
    private readonly Bound _objects;
    private readonly Bound _bytes;
    private readonly Bound _snapshots;

    public ReplicaWatch(SoakDatabase database, string name, string url, SoakPace pace, Instruments instruments)
    {
        (_database, _name, _pace, _instruments) = (database, name, pace, instruments);
        Client = Open(url);
        (_writes, _wal) = (new WindowedSum(pace.LongestKept), new WindowedSum(pace.LongestKept));
        _objects = new Bound($"objects of {database.Name} on {name}, against all that was written in {Words.Of(pace.LongestKept)}", Unit.Count);
        _bytes = new Bound($"bytes of {database.Name} on {name}, against the snapshots and the WAL of that time", Unit.Bytes);
        _snapshots = new Bound($"snapshots of {database.Name} on {name}", Unit.Count);
    }

    public IReplicaClient Client { get; }

    public IEnumerable<Finding> Findings => [_objects.Finding, _bytes.Finding, _snapshots.Finding];

    public static IReplicaClient Open(string url) =>
        url.StartsWith("s3://", StringComparison.Ordinal) ? new S3ReplicaClient(url, RealServer.Options()) : new FileReplicaClient(url);

    public async Task<(int Objects, long Bytes)> ListAsync(TimeSpan at)
    {
        var (objects, snapshots, bytes) = (0, 0, 0L);
        await foreach (var found in Client.ListAsync(""))
        {
            objects++;
            bytes += found.Size;
            snapshots += found.Key.EndsWith(".snapshot.lz4", StringComparison.Ordinal) ? 1 : 0;
        }

        // Counted after the listing: what went up meanwhile is in both.
        _writes.Add(at, _instruments.Writes(_database.Name, _name));
        _wal.Add(at, _instruments.WalCopied(_database.Name));
        var mostSnapshots = Math.Ceiling(_pace.LongestKept / _pace.SnapshotInterval) + 2;
        _objects.Check(objects, _writes.Within + Spare);
        _snapshots.Check(snapshots, mostSnapshots);
        _bytes.Check(bytes, 1.05 * (_wal.Within + (mostSnapshots * ProcessFiles.Size(_database.Path))) + (1 << 20));
        return (objects, bytes);
    }

    public ValueTask DisposeAsync() => Client.DisposeAsync();
}
