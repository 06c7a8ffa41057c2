namespace Litestream.AspNetCore.StatusPage;

/// <summary>
/// Lists what a replica holds, when somebody asks: one listing at a time, kept for some seconds, so that a page which is
/// reloaded costs the store nothing. Thread-safe.
/// </summary>
internal sealed class HistoryReader(TimeProvider time) : IDisposable
{
    private const int GenerationsShown = 200;
    private const int SnapshotsShown = 2000;
    private const int Kept = 16;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1, 1); // guards what follows, too
    private readonly Dictionary<(string Database, string Replica), PageHistory> _kept = [];

    /// <param name="database">Whose replica.</param>
    /// <param name="replica">Its name.</param>
    /// <param name="cancellationToken">Gives up: whoever asked is gone.</param>
    /// <exception cref="ArgumentException">There is no such replica.</exception>
    /// <exception cref="ReplicaException">It could not be read.</exception>
    public async Task<PageHistory> ReadAsync(ILitestreamDatabase database, string replica, CancellationToken cancellationToken)
    {
        var key = (database.Name, replica);
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_kept.TryGetValue(key, out var kept) && time.GetUtcNow() - kept.ListedAt < Fresh)
            {
                return kept;
            }

            var listed = await ListAsync(database, replica, cancellationToken).ConfigureAwait(false);
            foreach (var old in _kept.OrderBy(pair => pair.Value.ListedAt).Take(Math.Max(0, _kept.Count - Kept + 1)).Select(pair => pair.Key).ToList())
            {
                _kept.Remove(old);
            }

            return _kept[key] = listed;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>What was listed is not true any more.</summary>
    public async Task ForgetAsync()
    {
        await _one.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _kept.Clear();
        _one.Release();
    }

    public void Dispose() => _one.Dispose();

    private async Task<PageHistory> ListAsync(ILitestreamDatabase database, string replica, CancellationToken cancellationToken)
    {
        var generations = new List<PageGeneration>();
        var (snapshots, truncated) = (0, false);
        var current = database.GetStatus().Position.Generation;
        await foreach (var generation in database.ListBackupsAsync(replica, cancellationToken).ConfigureAwait(false))
        {
            if (generations.Count == GenerationsShown)
            {
                truncated = true;
                break;
            }

            var shown = generation.Snapshots.TakeLast(SnapshotsShown - snapshots).ToList();
            snapshots += shown.Count;
            truncated |= shown.Count < generation.Snapshots.Count;
            generations.Add(new PageGeneration(
                generation.Name,
                generation.Name == current,
                [.. generation.Ranges.Select(range => new PageRange(range.From, range.Until))],
                [.. shown.Select(snapshot => new PageSnapshot(snapshot.CreatedAt, snapshot.Size))],
                generation.SegmentCount,
                generation.SegmentBytes,
                generation.SnapshotBytes));
        }

        return new PageHistory
        {
            Database = database.Name,
            Replica = replica,
            ListedAt = time.GetUtcNow(),
            Generations = generations,
            Truncated = truncated,
            Previous = [],
        };
    }
}
