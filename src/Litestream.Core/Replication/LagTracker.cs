using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>
/// What one replica lacks: since when, and up to which sequence it lacks nothing. Thread-safe; memory only.
/// </summary>
/// <remarks>
/// It keeps a mark for each head it was shown. When there are too many it merges neighbours and from then on keeps marks
/// that far apart, so that an outage of days costs no more memory than one of a second. A merged mark keeps the later
/// position and the older time, which makes the lag a little too large and never too small.
/// </remarks>
internal sealed class LagTracker(TimeProvider timeProvider)
{
    /// <summary>Enough that a lag is exact to a thirtieth of the longest it was.</summary>
    private const int MaxMarks = 64;

    private readonly SteadyTime _time = SteadyTime.Of(timeProvider);
    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private readonly List<Mark> _lacking = new(MaxMarks);
    private long _observed = -1;
    private DateTimeOffset _lastCommit = DateTimeOffset.MinValue;
    private ReplicationPosition _lastPosition;
    private TimeSpan _spacing;

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
                        var age = _time.GetUtcNow() - oldest;
                        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
                    }
                }

                return TimeSpan.Zero;
            }
        }
    }

    /// <summary>Takes note of what has been captured.</summary>
    /// <param name="head">The end of it.</param>
    /// <param name="noticedAt">When the oldest commit in it was noticed, by the steady clock, if that was before it was captured.</param>
    public void Observe(ShadowHead head, DateTimeOffset? noticedAt = null)
    {
        lock (_lock)
        {
            if (head.Sequence <= _observed)
            {
                if (_lacking.Count > 0 && _lacking[^1] is { OldestCommit: { } known } last && last.Sequence == head.Sequence && noticedAt < known)
                {
                    _lacking[^1] = last with { OldestCommit = noticedAt };
                }

                return;
            }

            // A head can move without a commit: a new index, a new generation.
            var grew = head.Position.Offset > _lastPosition.Offset && head.Position.Index == _lastPosition.Index;
            DateTimeOffset? commit = head.CapturedAt != _lastCommit || grew ? _time.FromTimeOfDay(head.CapturedAt) : null;
            Add(new Mark(head.Sequence, head.Position, noticedAt < commit ? noticedAt : commit));
            (_observed, _lastPosition, _lastCommit) = (head.Sequence, head.Position, commit is null ? _lastCommit : head.CapturedAt);
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
    public long? Covered(ReplicationPosition position) => Covered(position, out _);

    /// <summary>The replica holds everything up to this position.</summary>
    /// <param name="position">The position.</param>
    /// <param name="captured">The end of what had been captured with that sequence, if it is the end of a commit; else empty.</param>
    /// <returns>The highest sequence that is known to be covered by it; null if none that was lacking is.</returns>
    public long? Covered(ReplicationPosition position, out ReplicationPosition captured)
    {
        captured = default;
        lock (_lock)
        {
            var last = _lacking.FindLastIndex(mark => position.Covers(mark.Position));
            if (last < 0)
            {
                return null;
            }

            var sequence = _lacking[last].Sequence;
            captured = _lacking[last].Position is { Offset: > 0 } end ? end : default;
            _lacking.RemoveRange(0, last + 1);
            return sequence;
        }
    }

    private void Add(Mark mark)
    {
        if (_lacking.Count == 0)
        {
            _spacing = TimeSpan.Zero;
        }
        else if (_lacking[^1] is { OldestCommit: { } oldest } last && mark.OldestCommit is { } commit && commit - oldest < _spacing)
        {
            _lacking[^1] = mark with { OldestCommit = last.OldestCommit };
            return;
        }

        if (_lacking.Count == MaxMarks)
        {
            MergeNeighbours();
        }

        _lacking.Add(mark);
    }

    private void MergeNeighbours()
    {
        for (var i = 0; i < MaxMarks / 2; i++)
        {
            var (older, newer) = (_lacking[2 * i], _lacking[2 * i + 1]);
            _lacking[i] = newer with { OldestCommit = older.OldestCommit ?? newer.OldestCommit };
        }

        _lacking.RemoveRange(MaxMarks / 2, MaxMarks / 2);
        if (_lacking[0].OldestCommit is { } first && _lacking[^1].OldestCommit is { } last)
        {
            _spacing = (last - first) / (MaxMarks / 2);
        }
    }

    /// <summary>The commits between the mark before and this one, and when the oldest of them was noticed.</summary>
    private readonly record struct Mark(long Sequence, ReplicationPosition Position, DateTimeOffset? OldestCommit);
}
