using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Fuzz.Targets;

/// <summary>A trailer: as it is, or its body in a wrapping that is right. What is understood is understood again when it is written anew.</summary>
internal static class TrailerTarget
{
    public static void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        var (settings, body) = (input[0], input[1..]);
        var (segment, snapshot) = (settings & 1) != 0
            ? (body, body)
            : (TrailerFrame.Wrap((byte)(settings >> 1), body, TrailerFrame.SegmentMagic), TrailerFrame.Wrap((byte)(settings >> 1), body, TrailerFrame.SnapshotMagic));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (first, second) = (SegmentTrailerCodec.ReadTail(segment), SnapshotTrailerCodec.ReadTail(snapshot));
        FuzzTarget.Demand(GC.GetAllocatedBytesForCurrentThread() - before < (1 << 20) + (64L * input.Length), "it took too much memory");
        if (first.Trailer is { } read)
        {
            FuzzTarget.Demand(
                read.Index >= 0 && read.Offset >= 0 && read.EndOffset >= read.Offset
                && read.Commits.All(commit => commit.EndOffset > read.Offset && commit.EndOffset <= read.EndOffset),
                "a segment that cannot be");
            var written = SegmentTrailerCodec.Encode(read);
            var again = SegmentTrailerCodec.ReadTail(written).Trailer;

            // Times that lie close together are thinned whenever they are written; everything else stays.
            FuzzTarget.Demand(
                again is not null && SegmentTrailerCodec.Encode(again with { Commits = read.Commits }).AsSpan().SequenceEqual(written)
                && again.Commits.All(commit => read.Commits.Any(known => known.EndOffset == commit.EndOffset)),
                "a segment's trailer says something else when it is written anew");
        }

        if (second.Trailer is { } image)
        {
            FuzzTarget.Demand(image.Index >= 0 && image.DatabaseSize >= 0 && image.CoveredOffset >= 0, "a snapshot that cannot be");
            var written = SnapshotTrailerCodec.Encode(image);
            FuzzTarget.Demand(
                SnapshotTrailerCodec.ReadTail(written).Trailer is { } again && SnapshotTrailerCodec.Encode(again).AsSpan().SequenceEqual(written),
                "a snapshot's trailer says something else when it is written anew");
        }
    }

    public static IEnumerable<byte[]> Seeds()
    {
        var at = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (var commits = 0; commits < 3; commits++)
        {
            yield return Body(SegmentTrailerCodec.Encode(new SegmentTrailer
            {
                Index = commits,
                Offset = 32,
                RawLength = 5360,
                Salts = new WalSalts(1, 2),
                FirstChecksum = new ChainChecksum(3, 4),
                LastChecksum = new ChainChecksum(5, 6),
                Previous = commits == 0 ? null : new SegmentLink(0, 0, 32, new ChainChecksum(7, 8)),
                WriterId = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
                RawHash = new byte[32],
                Commits = [.. Enumerable.Range(1, commits).Select(i => new CommitTime(32 + (536 * i), at.AddSeconds(i)))],
            }));
        }

        yield return Body(SnapshotTrailerCodec.Encode(new SnapshotTrailer
        {
            Index = 1,
            CoveredOffset = 568,
            Salts = new WalSalts(1, 2),
            CoveredChecksum = new ChainChecksum(3, 4),
            PageSize = 512,
            DatabaseSize = 2048,
            TakenAt = at,
            WriterId = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
            RawHash = new byte[32],
        }));
    }

    /// <summary>As an input: the version, and what lies in the wrapping.</summary>
    private static byte[] Body(byte[] trailer) => [(byte)(trailer[8] << 1), .. trailer[9..^20]];
}
