namespace Litestream.Storage;

/// <summary>The table of commit times in a segment's trailer.</summary>
/// <remarks>
/// <code>
/// varint  number of entries; then for each:
/// varint  end offset, less that of the entry before (of the segment's start, for the first)
/// varint  0: time unknown; else 1 + zigzag(time less that of the last entry whose time is known; 1970 for the first)
/// </code>
/// Times are UTC microseconds. Varints have seven bits to a byte, the lowest first; zigzag maps 0, -1, 1, -2 … to
/// 0, 1, 2, 3 … docs/FORMAT.md, section 3.
/// </remarks>
internal static class CommitTimeTable
{
    /// <summary>Of the commits within the same 10 ms only the last is kept.</summary>
    public const long ThinnedToMicroseconds = 10_000;

    /// <summary>
    /// Leaves out commits that one soon after stands for. The last one of a bucket stays, with its own time, so that no
    /// commit is said to be older than it is; for the same reason a clock that steps back closes a bucket.
    /// </summary>
    public static List<CommitTime> Thin(IReadOnlyList<CommitTime> commits, long bucketMicroseconds = ThinnedToMicroseconds)
    {
        var kept = new List<CommitTime>();
        foreach (var commit in commits)
        {
            if (kept.Count > 0 && IsStoodForBy(kept[^1].NoticedAt, commit.NoticedAt, bucketMicroseconds))
            {
                kept[^1] = commit;
            }
            else
            {
                kept.Add(commit);
            }
        }

        return kept;
    }

    public static void Write(TrailerBodyWriter writer, long startOffset, IReadOnlyList<CommitTime> commits)
    {
        writer.WriteVarint((ulong)commits.Count);
        var (offset, time) = (startOffset, 0L);
        foreach (var commit in commits)
        {
            writer.WriteVarint((ulong)(commit.EndOffset - offset));
            offset = commit.EndOffset;
            if (commit.NoticedAt is not { } noticedAt)
            {
                writer.WriteVarint(0);
                continue;
            }

            var microseconds = TrailerClock.ToMicroseconds(noticedAt);
            var delta = microseconds - time;
            writer.WriteVarint(1 + (ulong)((delta << 1) ^ (delta >> 63)));
            time = microseconds;
        }
    }

    /// <summary>Reads a table whose offsets must lie after <paramref name="startOffset"/>, ascend, and end at <paramref name="endOffset"/> at most.</summary>
    /// <returns>Null if it is none.</returns>
    public static IReadOnlyList<CommitTime>? Read(ref TrailerBodyReader reader, long startOffset, long endOffset)
    {
        var count = reader.ReadVarint();
        if (reader.Failed || count > (ulong)reader.Remaining / 2)
        {
            return null;
        }

        var commits = new CommitTime[count];
        var (offset, time) = (startOffset, 0L);
        for (var i = 0; i < commits.Length; i++)
        {
            var step = reader.ReadVarint();
            var coded = reader.ReadVarint();
            if (reader.Failed || step == 0 || step > (ulong)(endOffset - offset))
            {
                return null;
            }

            offset += (long)step;
            if (coded == 0)
            {
                commits[i] = new CommitTime(offset, null);
                continue;
            }

            coded--;
            time = unchecked(time + ((long)(coded >> 1) ^ -(long)(coded & 1)));
            if (!TrailerClock.IsValid(time))
            {
                return null;
            }

            commits[i] = new CommitTime(offset, TrailerClock.FromMicroseconds(time));
        }

        return commits;
    }

    private static bool IsStoodForBy(DateTimeOffset? earlier, DateTimeOffset? later, long bucketMicroseconds)
    {
        if (earlier is null || later is null)
        {
            return earlier is null && later is null;
        }

        var (from, to) = (TrailerClock.ToMicroseconds(earlier.Value), TrailerClock.ToMicroseconds(later.Value));
        return to >= from && Bucket(from, bucketMicroseconds) == Bucket(to, bucketMicroseconds);
    }

    private static long Bucket(long microseconds, long size) =>
        (microseconds / size) - (microseconds % size < 0 ? 1 : 0);
}
