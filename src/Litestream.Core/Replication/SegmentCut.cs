using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Replication;

/// <summary>Where a segment ends. Pure.</summary>
internal static class SegmentCut
{
    /// <summary>Raw bytes of one segment at most, but for a small rest, as long as the replica is not far behind.</summary>
    public const long UsualBytes = 8L << 20;

    /// <summary>Raw bytes of one segment at most, but for a small rest, when there is a backlog: fewer objects, and a restore that opens fewer.</summary>
    public const long CatchUpBytes = 64L << 20;

    /// <summary>From this much on it is a backlog.</summary>
    public const long Backlog = 4 * UsualBytes;

    /// <summary>What is left over goes along if it is at most this part of the limit: it is not worth an object of its own.</summary>
    private const int TailPart = 8;

    /// <summary>The end of the segment that starts at <paramref name="offset"/>: whole frames, at least one.</summary>
    /// <param name="length">How far the index may be read; a frame's end.</param>
    /// <param name="offset">The start; less than <paramref name="length"/>.</param>
    /// <param name="mustReach">No end before this one, however large the segment gets.</param>
    /// <param name="pageSize">The WAL's page size.</param>
    public static long End(long length, long offset, long mustReach, int pageSize)
    {
        var available = length - offset;
        var limit = available > Backlog ? CatchUpBytes : UsualBytes;
        if (available <= limit + (limit / TailPart))
        {
            return length;
        }

        var frames = Math.Max(WalFormat.FramesUpTo(offset + limit, pageSize), WalFormat.FramesUpTo(offset, pageSize) + 1);
        return Math.Min(length, Math.Max(WalFormat.EndOfFrame(frames, pageSize), mustReach));
    }

    /// <summary>
    /// Moves an end that was set by size back to the end of a commit, if one is known that leaves at least half the
    /// segment. A cut within a transaction is legal; without one, each object's end is a state of the database.
    /// </summary>
    public static long PreferCommit(IReadOnlyList<CommitTime> commits, long offset, long end, long mustReach, int pageSize)
    {
        for (var i = commits.Count - 1; i >= 0; i--)
        {
            var commit = commits[i].EndOffset;
            if (commit <= end && WalFormat.IsBoundary(commit, pageSize))
            {
                return commit - offset >= (end - offset) / 2 && commit > offset && commit >= mustReach ? commit : end;
            }
        }

        return end;
    }
}
