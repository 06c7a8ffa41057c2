namespace Litestream.AspNetCore.StatusPage;

/// <summary>
/// Remembers the lag of every replica over the last minutes: a few kilobytes for each, read from memory every few seconds. Of
/// very many databases it follows only those that somebody looks at. Thread-safe.
/// </summary>
internal sealed class LagHistory(ILitestream litestream, TimeProvider time) : IDisposable
{
    /// <summary>How far it goes back.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>Time between two samples.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    // With more than these, and each a status of its own every five seconds, an idle application would be noticed.
    private const int FollowAllUpTo = 1000;

    private readonly Lock _lock = new(); // guards the fields below
    private readonly Dictionary<(string Database, string Replica), LagRing> _rings = [];
    private readonly Dictionary<string, DateTimeOffset> _watched = new(StringComparer.Ordinal);
    private ITimer? _timer;
    private long _turn;
    private bool _isSampling;
    private bool _isDisposed;

    public void Start()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                _timer ??= time.CreateTimer(_ => Sample(), null, TimeSpan.Zero, Step);
            }
        }
    }

    /// <summary>What is remembered of a replica, oldest first.</summary>
    public IReadOnlyList<LagSample> Get(string database, string replica)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            _watched[database] = now;
            return _rings.TryGetValue((database, replica), out var ring) ? [.. ring.Since(now - Window)] : [];
        }
    }

    /// <summary>Takes a sample of everything.</summary>
    public void Sample()
    {
        if (Interlocked.Exchange(ref _isSampling, true))
        {
            return;
        }

        try
        {
            var now = time.GetUtcNow();
            var found = Followed(now).Select(StatusReporter.TryGetStatus).OfType<DatabaseStatus>().SelectMany(status => status.Replicas.Select(replica => (status.Name, Replica: replica))).ToList();
            lock (_lock)
            {
                _turn++;
                foreach (var (name, replica) in found)
                {
                    var key = (name, replica.Name);
                    var ring = _rings.TryGetValue(key, out var known) ? known : _rings[key] = new LagRing((int)(Window / Step) + 1);
                    ring.Turn = _turn;
                    ring.Add(now, IsKnown(replica.State) ? replica.Lag.TotalSeconds : null);
                }

                foreach (var gone in _rings.Where(pair => pair.Value.Turn != _turn).Select(pair => pair.Key).ToList())
                {
                    _rings.Remove(gone);
                }
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or InvalidOperationException)
        {
            // The host is gone, and the timer soon will be: out of a timer's callback it would end the process.
        }
        finally
        {
            Volatile.Write(ref _isSampling, false);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
        }
    }

    private static bool IsKnown(ReplicationState state) =>
        state is ReplicationState.Replicating or ReplicationState.Retrying or ReplicationState.Faulted;

    private IEnumerable<ILitestreamDatabase> Followed(DateTimeOffset now)
    {
        var all = litestream.Databases;
        lock (_lock)
        {
            foreach (var old in _watched.Where(pair => now - pair.Value > Window).Select(pair => pair.Key).ToList())
            {
                _watched.Remove(old);
            }

            if (all.Count <= FollowAllUpTo)
            {
                return all;
            }

            var watched = _watched.Keys.ToHashSet(StringComparer.Ordinal);
            return all.Where(database => watched.Contains(database.Name));
        }
    }
}
