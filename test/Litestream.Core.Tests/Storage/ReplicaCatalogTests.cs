using Litestream.Storage;

namespace Litestream.Core.Tests.Storage;

public class ReplicaCatalogTests
{
    private const string One = "00000000000000a1";
    private const string Two = "00000000000000b2";

    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Is_in_order_whatever_the_order_of_the_listing()
    {
        string[] keys =
        [
            ReplicaLayout.SegmentKey(Two, 0, 0),
            ReplicaLayout.SegmentKey(One, 0x10, 0),
            ReplicaLayout.SegmentKey(One, 0x02, 0xF0000000),
            ReplicaLayout.SegmentKey(One, 0x02, 0x1038),
            ReplicaLayout.SegmentKey(One, 0x02, 0),
            ReplicaLayout.SnapshotKey(One, 0x7FFFFFFF),
            ReplicaLayout.SnapshotKey(One, 2),
        ];

        var catalog = ReplicaCatalog.Create(keys.Select(Object));

        catalog.Generations.Select(g => g.Name).Should().Equal(One, Two);
        catalog.Find(One)!.Segments.Select(s => (s.Index, s.Offset)).Should().Equal((2, 0), (2, 0x1038), (2, 0xF0000000), (0x10, 0));
        catalog.Find(One)!.Snapshots.Select(s => s.Index).Should().Equal(2, 0x7FFFFFFF);
        catalog.Find(Two)!.Snapshots.Should().BeEmpty();
    }

    [Fact]
    public void Carries_what_the_listing_says_of_an_object()
    {
        var item = new ReplicaObject(ReplicaLayout.SnapshotKey(One, 3), 77, Noon);

        var snapshot = ReplicaCatalog.Create([item]).Find(One)!.Snapshots.Single();

        snapshot.Should().Be(new CatalogSnapshot(new SnapshotName(One, 3, Compressed: true), item.Key, 77, Noon));
        snapshot.Object.Should().Be(item);
    }

    [Fact]
    public void Counts_an_object_listed_twice_once_as_it_was_listed_last()
    {
        var key = ReplicaLayout.SegmentKey(One, 3, 0);

        var catalog = ReplicaCatalog.Create([new(key, 1, Noon), new(key, 2, Noon.AddSeconds(1))]);

        catalog.Find(One)!.Segments.Single().Object.Should().Be(new ReplicaObject(key, 2, Noon.AddSeconds(1)));
    }

    [Fact]
    public void Passes_over_what_is_not_ours()
    {
        string[] keys =
        [
            "generations/xyz/snapshots/00000000.snapshot.lz4",
            $"generations/{One.ToUpperInvariant()}/snapshots/00000000.snapshot.lz4",
            $"generations/{One}/wal/00000000_00000000.wal.lz4.1a2b3c4d.tmp",
            $"generations/{One}/wal/notes.txt",
            $"generations/{One}/readme",
            "readme",
        ];

        ReplicaCatalog.Create(keys.Select(Object)).Generations.Should().BeEmpty();
    }

    [Fact]
    public void Knows_the_layout_before_v0_3_5()
    {
        string[] keys =
        [
            $"generations/{One}/snapshots/00000000.snapshot",
            $"generations/{One}/wal/00000000.wal.lz4",
            $"generations/{One}/wal/00000001.wal",
            $"generations/{One}/wal/00000002_00001038.wal",
        ];

        var generation = ReplicaCatalog.Create(keys.Select(Object)).Find(One)!;

        generation.Snapshots.Single().Name.Should().Be(new SnapshotName(One, 0, Compressed: false));
        generation.Segments.Select(s => s.Name).Should().Equal(
            new SegmentName(One, 0, 0, Compressed: true),
            new SegmentName(One, 1, 0, Compressed: false),
            new SegmentName(One, 2, 0x1038, Compressed: false));
    }

    [Fact]
    public void Of_an_index_being_compressed_takes_the_compressed_object()
    {
        string[] keys = [$"generations/{One}/wal/00000000.wal.lz4", $"generations/{One}/wal/00000000.wal"];

        ReplicaCatalog.Create(keys.Select(Object)).Find(One)!.Segments.Single().Key.Should().Be(keys[0]);
    }

    private static ReplicaObject Object(string key) => new(key, 100, Noon);
}
