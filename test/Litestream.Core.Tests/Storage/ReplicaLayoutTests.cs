using CsCheck;
using Litestream.Storage;

namespace Litestream.Core.Tests.Storage;

public class ReplicaLayoutTests
{
    private const string Generation = "0123456789abcdef";

    private static readonly Gen<string> GenGeneration = Gen.ULong.Select(g => $"{g:x16}");

    // B6: the whole range that four bytes can say, not half of it.
    private static readonly Gen<long> GenOffset = Gen.UInt.Select(o => (long)o);

    [Fact]
    public void A_segments_name_comes_back() => Gen.Select(GenGeneration, Gen.Int[0, int.MaxValue], GenOffset).Sample(
        (generation, index, offset) =>
        {
            var key = ReplicaLayout.SegmentKey(generation, index, offset);

            ReplicaLayout.TryParseSegment(key, out var name).Should().BeTrue();
            name.Should().Be(new SegmentName(generation, index, offset, Compressed: true));
            key.Should().StartWith(ReplicaLayout.WalPrefix(generation));
            ReplicaLayout.TryParseSnapshot(key, out _).Should().BeFalse();
        });

    [Fact]
    public void A_snapshots_name_comes_back() => Gen.Select(GenGeneration, Gen.Int[0, int.MaxValue]).Sample(
        (generation, index) =>
        {
            var key = ReplicaLayout.SnapshotKey(generation, index);

            ReplicaLayout.TryParseSnapshot(key, out var name).Should().BeTrue();
            name.Should().Be(new SnapshotName(generation, index, Compressed: true));
            key.Should().StartWith(ReplicaLayout.SnapshotsPrefix(generation));
            ReplicaLayout.TryParseSegment(key, out _).Should().BeFalse();
        });

    [Fact]
    public void Keys_sort_as_their_positions_do() => Gen.Select(
        Gen.Int[0, int.MaxValue], GenOffset, Gen.Int[0, int.MaxValue], GenOffset).Sample(
        (index, offset, otherIndex, otherOffset) =>
        {
            var byKey = string.CompareOrdinal(ReplicaLayout.SegmentKey(Generation, index, offset), ReplicaLayout.SegmentKey(Generation, otherIndex, otherOffset));

            Math.Sign(byKey).Should().Be((index, offset).CompareTo((otherIndex, otherOffset)));
        });

    [Fact]
    public void Whatever_is_read_as_a_name_is_written_the_same_way() => Gen.Select(
        OneOf("generations/", "generation/"),
        Gen.Char["0123456789abcdefABCg"].Array[15, 17],
        OneOf("/wal/", "/snapshots/", "/"),
        Gen.Char["0123456789abcdefABCg_"].Array[7, 18],
        OneOf(".wal.lz4", ".snapshot.lz4", ".wal", ".snapshot", ".lz4", "", ".wal.lz4.tmp")).Sample(
        (root, generation, folder, stem, suffix) =>
        {
            var key = $"{root}{new string(generation)}{folder}{new string(stem)}{suffix}";

            if (ReplicaLayout.TryParseSegment(key, out var segment) && segment.Compressed && stem.Length > 8)
            {
                ReplicaLayout.SegmentKey(segment.Generation, segment.Index, segment.Offset).Should().Be(key);
            }

            if (ReplicaLayout.TryParseSnapshot(key, out var snapshot) && snapshot.Compressed)
            {
                ReplicaLayout.SnapshotKey(snapshot.Generation, snapshot.Index).Should().Be(key);
            }
        });

    [Theory]
    [InlineData("generations/0123456789abcdef/wal/0000000A_00000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef/wal/0000000a_0000000A.wal.lz4")]
    [InlineData("generations/0123456789ABCDEF/wal/00000000_00000000.wal.lz4")]
    [InlineData("generations/0123456789abcde/wal/00000000_00000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef0/wal/00000000_00000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef/wal/00000000_000000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef/wal/00000000_100000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef/wal/000000000_00000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef/wal/00000000_0000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef/wal/80000000_00000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef/wal/00000000_.wal.lz4")]
    [InlineData("generations/0123456789abcdef/wal/00000000_00000000.wal.lz4.tmp")]
    [InlineData("generations/0123456789abcdef/wal/00000000_00000000.wal.lz4.1a2b3c4d.tmp")]
    [InlineData("generations/0123456789abcdef/wal/00000000/00000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef/snapshots/00000000_00000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef/wal/+0000000_00000000.wal.lz4")]
    [InlineData("generations/0123456789abcdef/wal/.wal.lz4")]
    [InlineData("/generations/0123456789abcdef/wal/00000000_00000000.wal.lz4")]
    [InlineData("backup/generations/0123456789abcdef/wal/00000000_00000000.wal.lz4")]
    [InlineData("")]
    public void Passes_over_what_is_no_segment(string key) => ReplicaLayout.TryParseSegment(key, out _).Should().BeFalse();

    [Theory]
    [InlineData("generations/0123456789abcdef/snapshots/0000000A.snapshot.lz4")]
    [InlineData("generations/0123456789abcdef/snapshots/000000000.snapshot.lz4")]
    [InlineData("generations/0123456789abcdef/snapshots/ffffffff.snapshot.lz4")]
    [InlineData("generations/0123456789abcdef/snapshots/00000000.snapshot.lz4.tmp")]
    [InlineData("generations/0123456789abcdef/wal/00000000.snapshot.lz4")]
    public void Passes_over_what_is_no_snapshot(string key) => ReplicaLayout.TryParseSnapshot(key, out _).Should().BeFalse();

    [Fact]
    public void Writes_no_offset_that_litestream_would_not_list()
    {
        var write = () => ReplicaLayout.SegmentKey(Generation, 0, 0x1_0000_0000);

        write.Should().Throw<ArgumentException>();
        ReplicaLayout.SegmentKey(Generation, 0, 0xFFFFFFFF).Should().EndWith("/00000000_ffffffff.wal.lz4");
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../../etc/pass")]
    [InlineData("0123456789ABCDEF")]
    public void Makes_no_key_of_what_is_no_generation(string generation)
    {
        var write = () => ReplicaLayout.SnapshotKey(generation, 0);

        write.Should().Throw<ArgumentException>();
    }

    private static Gen<string> OneOf(params string[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);
}
