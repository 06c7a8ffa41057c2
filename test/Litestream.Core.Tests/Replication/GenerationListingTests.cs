using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>What is kept of a listing, and that it is the same in whatever order it comes.</summary>
public sealed class GenerationListingTests
{
    private const string Generation = "0123456789abcdef";

    [Fact]
    public void Keeps_what_follows_the_newest_snapshot_and_the_last_segment_whatever_the_order()
    {
        var objects = Objects(indexes: 6).ToList();
        for (var seed = 0; seed < 50; seed++)
        {
            var order = objects.ToArray();
            new Random(seed).Shuffle(order);

            var listing = Of(order);

            listing.Newest!.Value.Object.Key.Should().Be(ReplicaLayout.SnapshotKey(Generation, 4));
            listing.Last!.Value.Key.Should().Be(ReplicaLayout.SegmentKey(Generation, 5, 8 << 20));
            listing.Segments.Select(segment => segment.Object.Key).Should().Equal(
                ReplicaLayout.SegmentKey(Generation, 4, 0),
                ReplicaLayout.SegmentKey(Generation, 4, 8 << 20),
                ReplicaLayout.SegmentKey(Generation, 5, 0),
                ReplicaLayout.SegmentKey(Generation, 5, 8 << 20));
            listing.HasOlderLayout.Should().BeFalse();
        }
    }

    [Fact]
    public void The_last_segment_is_known_also_where_it_lies_before_the_newest_snapshot()
    {
        var listing = Of([.. Objects(indexes: 2), new(ReplicaLayout.SnapshotKey(Generation, 7), 1, default)]);

        listing.Segments.Should().BeEmpty();
        listing.Last!.Value.Key.Should().Be(ReplicaLayout.SegmentKey(Generation, 1, 8 << 20));
    }

    [Fact]
    public void What_lies_before_the_newest_snapshot_is_passed_over_as_it_comes()
    {
        var listing = new GenerationListing();
        foreach (var found in Objects(indexes: 400).OrderBy(found => found.Key.Contains("/wal/", StringComparison.Ordinal)))
        {
            listing.Add(found);
            listing.Segments.Should().HaveCountLessThanOrEqualTo(4);
        }

        listing.Newest!.Value.Name.Index.Should().Be(398);
        listing.Segments.Should().HaveCount(4);
    }

    // Two segments in each index, and a snapshot in every second.
    private static IEnumerable<ReplicaObject> Objects(int indexes)
    {
        for (var index = 0; index < indexes; index++)
        {
            if (index % 2 == 0)
            {
                yield return new ReplicaObject(ReplicaLayout.SnapshotKey(Generation, index), 1, default);
            }

            yield return new ReplicaObject(ReplicaLayout.SegmentKey(Generation, index, 0), 1, default);
            yield return new ReplicaObject(ReplicaLayout.SegmentKey(Generation, index, 8 << 20), 1, default);
        }
    }

    private static GenerationListing Of(IEnumerable<ReplicaObject> objects)
    {
        var listing = new GenerationListing();
        foreach (var found in objects)
        {
            listing.Add(found);
        }

        return listing;
    }
}
