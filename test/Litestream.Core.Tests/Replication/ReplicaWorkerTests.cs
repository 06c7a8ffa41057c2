using Litestream.Storage;

namespace Litestream.Replication;

public sealed class ReplicaWorkerTests
{
    [Fact]
    public async Task Uploads_the_snapshot_first_and_then_segments_that_tile()
    {
        using var scene = new ReplicationScene();
        var worker = scene.Worker();

        (await worker.RunOnceAsync(default)).Should().BeTrue();
        var first = worker.Position;
        scene.Insert(3);
        (await worker.RunOnceAsync(default)).Should().BeTrue();
        scene.Capture.Checkpoint();
        scene.Insert();
        (await worker.RunOnceAsync(default)).Should().BeTrue();

        scene.Replica.CallsOf("PUT").Should().Equal(
            "PUT " + scene.SnapshotKey(0),
            "PUT " + scene.SegmentKey(0, 0),
            "PUT " + scene.SegmentKey(0, first.Offset),
            "PUT " + scene.SegmentKey(1, 0));
        worker.Position.Should().Be(scene.Capture.Head!.Position);
        worker.CoveredSequence.Should().Be(scene.Capture.Head!.Sequence);
        scene.ShouldRestore();
    }

    [Fact]
    public async Task Until_an_index_has_its_first_segment_the_end_of_the_one_before_is_what_can_be_restored()
    {
        using var scene = new ReplicationScene();
        var worker = scene.Worker();
        scene.Insert(2);
        await worker.RunOnceAsync(default);
        var end = worker.Position;
        scene.Capture.Checkpoint();
        scene.Insert();
        scene.Replica.Before = (call, _) => call.StartsWith("PUT", StringComparison.Ordinal)
            ? throw new ReplicaException("The store is full.")
            : Task.CompletedTask;

        await FluentActions.Awaiting(() => worker.RunOnceAsync(default)).Should().ThrowAsync<ReplicaException>();

        worker.Position.Should().Be(end, "no object on the replica says yet that index 0 has ended there");
    }

    [Fact]
    public async Task The_first_object_reaches_past_what_the_snapshot_contains()
    {
        using var scene = new ReplicationScene();
        scene.App.Execute("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<3000) INSERT INTO t SELECT randomblob(4000) FROM c");
        scene.Capture.Capture();
        var worker = scene.Worker();

        await worker.RunOnceAsync(default);

        var snapshot = scene.SnapshotTrailer(scene.SnapshotKey(0));
        snapshot.CoveredOffset.Should().BeGreaterThan(SegmentCut.UsualBytes);
        scene.SegmentTrailer(scene.SegmentKey(0, 0)).EndOffset.Should().BeGreaterThanOrEqualTo(snapshot.CoveredOffset);
        scene.ShouldRestore();
    }

    [Fact]
    public async Task Trailers_say_what_the_objects_are_and_link_them()
    {
        using var scene = new ReplicationScene();
        var worker = scene.Worker();
        await worker.RunOnceAsync(default);
        scene.Time.Advance(TimeSpan.FromSeconds(7));
        scene.Insert(2);

        await worker.RunOnceAsync(default);

        var first = scene.SegmentTrailer(scene.SegmentKey(0, 0));
        var second = scene.SegmentTrailer(scene.SegmentKey(0, first.EndOffset));
        first.Previous.Should().BeNull();
        second.Previous.Should().Be(new Storage.SegmentLink(0, 0, first.EndOffset, first.LastChecksum));
        second.FirstChecksum.Should().Be(first.LastChecksum);
        second.LastChecksum.Should().Be(scene.Capture.Head!.Checksum);
        second.Commits.Should().ContainSingle().Which.NoticedAt.Should().Be(scene.Time.GetUtcNow());
        var raw = ReplicationScene.Decode(scene.Replica[scene.SegmentKey(0, second.Offset)], "second");
        second.RawHash.ToArray().Should().Equal(System.Security.Cryptography.SHA256.HashData(raw));
        var snapshot = scene.SnapshotTrailer(scene.SnapshotKey(0));
        snapshot.CoveredChecksum.Should().Be(first.LastChecksum);
    }

    [Fact]
    public async Task Does_nothing_and_asks_for_nothing_when_nothing_was_captured()
    {
        using var scene = new ReplicationScene();
        var worker = scene.Worker();
        await worker.RunOnceAsync(default);
        scene.Replica.ForgetCalls();

        for (var i = 0; i < 10; i++)
        {
            (await worker.RunOnceAsync(default)).Should().BeTrue();
        }

        scene.Replica.Calls.Should().BeEmpty();
    }

    [Fact]
    public async Task Lists_once_and_never_on_the_way()
    {
        using var scene = new ReplicationScene();
        var worker = scene.Worker();

        for (var i = 0; i < 5; i++)
        {
            scene.Insert();
            await worker.RunOnceAsync(default);
        }

        scene.Replica.CallsOf("LIST").Should().HaveCount(1);
        scene.Replica.CallsOf("GET").Should().BeEmpty();
    }

    [Theory]
    [InlineData(512)]
    [InlineData(65536)]
    public async Task Replicates_any_page_size(int pageSize)
    {
        using var scene = new ReplicationScene(pageSize);
        var worker = scene.Worker();

        scene.Insert(20, 3000);
        await worker.RunOnceAsync(default);
        scene.Insert(20, 3000);
        await worker.RunOnceAsync(default);

        scene.ShouldRestore();
    }

    [Fact]
    public async Task A_big_transaction_is_spooled_and_the_spool_folder_is_empty_afterwards()
    {
        using var scene = new ReplicationScene();
        var worker = scene.Worker();
        await worker.RunOnceAsync(default);
        scene.App.Execute("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<3500) INSERT INTO t SELECT randomblob(4000) FROM c");
        scene.Capture.Capture();
        scene.Replica.ForgetCalls();

        await worker.RunOnceAsync(default);

        scene.Replica.Contents.Should().HaveCountGreaterThan(1).And.Contain(content => content.Type == typeof(SpooledFile));
        var largest = scene.Replica.Contents.Max(content => scene.SegmentTrailer(content.Key).RawLength);
        largest.Should().BeLessThanOrEqualTo(SegmentCut.UsualBytes);
        Directory.EnumerateFileSystemEntries(scene.Capture.SpoolDirectory).Should().BeEmpty();
        scene.ShouldRestore();
    }
}
