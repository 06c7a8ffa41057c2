using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>
/// What one replica lacks: since when, and up to which sequence it lacks nothing. Thread-safe; memory only.
/// </summary>
/// <remarks>
/// It keeps a mark for each head it was shown, and merges neighbours when there are too many, so that an outage of days
/// costs no more memory than one of a second: a merged mark keeps the later position and the older time, which makes the
/// lag a little too large and never too small.
/// </remarks>
internal sealed class LagTracker(TimeProvider timeProvider)
{
    /// <summary>Enough that a lag is exact to a sixteenth of its length.</summary>
    private const int MaxMarks = 64;

    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private readonly List<Mark> _lacking = new(MaxMarks);
    private long _observed = -1;
    private DateTimeOffset _lastCommit = DateTimeOffset.MinValue;

    /// <summary>Age of the oldest captured commit that the replica lacks; zero when it lacks none.</summary>
    public TimeSpan Lag
    {
        get
        {
            lock (_lock)
            {
                foreach (var mark in _lacking)
                {
                    if (mark.OldestCommit is { } oldest)
                    {
                        var age = timeProvider.GetUtcNow() - oldest;
                        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
                    }
                }

                return TimeSpan.Zero;
            }
        }
    }

    /// <summary>Takes note of what has been captured.</summary>
    public void Observe(ShadowHead head)
    {
        lock (_lock)
        {
            if (head.Sequence <= _observed)
            {
                return;
            }

            if (_lacking.Count == MaxMarks)
            {
                MergeNeighbours();
            }

            // A head can move without a commit: a new index, a new generation.
            var isCommit = head.CapturedAt > _lastCommit;
            _lacking.Add(new Mark(head.Sequence, head.Position, isCommit ? head.CapturedAt : null));
            _observed = head.Sequence;
            _lastCommit = isCommit ? head.CapturedAt : _lastCommit;
        }
    }

    /// <summary>The replica holds everything up to this sequence.</summary>
    public void Covered(long sequence)
    {
        lock (_lock)
        {
            _lacking.RemoveAll(mark => mark.Sequence <= sequence);
        }
    }

    /// <summary>The replica holds everything up to this position.</summary>
    /// <returns>The highest sequence that is known to be covered by it; null if none that was lacking is.</returns>
    public long? Covered(ReplicationPosition position)
    {
        lock (_lock)
        {
            var last = _lacking.FindLastIndex(mark => position.Covers(mark.Position));
            if (last < 0)
            {
                return null;
            }

            var sequence = _lacking[last].Sequence;
            _lacking.RemoveRange(0, last + 1);
            return sequence;
        }
    }

    private void MergeNeighbours()
    {
        for (var i = 0; i < MaxMarks / 2; i++)
        {
            var (older, newer) = (_lacking[2 * i], _lacking[2 * i + 1]);
            _lacking[i] = newer with { OldestCommit = older.OldestCommit ?? newer.OldestCommit };
        }

        _lacking.RemoveRange(MaxMarks / 2, MaxMarks / 2);
    }

    /// <summary>The commits between the mark before and this one, and when the oldest of them was noticed.</summary>
    private readonly record struct Mark(long Sequence, ReplicationPosition Position, DateTimeOffset? OldestCommit);
}
