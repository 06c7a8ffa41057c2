using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>A worker that starts beside a replica that holds something already.</summary>
public sealed class ReplicaResumeTests : IDisposable
{
    private readonly ReplicationScene _scene = new();

    [Fact]
    public async Task Goes_on_where_the_replica_ends_without_a_new_snapshot()
    {
        await FillAsync(segments: 3);
        _scene.Insert();

        var worker = await RestartAsync();

        _scene.Replica.CallsOf("PUT").Should().ContainSingle().Which.Should().StartWith("PUT " + $"generations/{_scene.Generation}/wal/");
        _scene.Capture.Images.Should().Be(1);
        worker.Position.Should().Be(_scene.Capture.Head!.Position);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task The_number_of_requests_does_not_grow_with_the_number_of_objects()
    {
        await FillAsync(segments: 30);

        await RestartAsync();

        _scene.Replica.CallsOf("LIST").Should().HaveCount(1);
        _scene.Replica.CallsOf("GET").Should().HaveCount(3);
        _scene.Replica.CallsOf("PUT").Should().BeEmpty();
    }

    [Fact]
    public async Task Links_the_next_segment_to_the_last_one_found()
    {
        await FillAsync(segments: 2);
        var last = _scene.Replica.Keys[^1];
        _scene.Insert();

        await RestartAsync();

        var link = _scene.SegmentTrailer(_scene.Replica.Keys[^1]).Previous!;
        var trailer = _scene.SegmentTrailer(last);
        link.Should().Be(new Storage.SegmentLink(trailer.Index, trailer.Offset, trailer.EndOffset, trailer.LastChecksum));
    }

    [Fact]
    public async Task Goes_on_from_a_bare_snapshot_with_an_object_that_reaches_past_it()
    {
        await FillAsync(segments: 1);
        _scene.Replica.Remove(_scene.SegmentKey(0, 0));
        _scene.Insert();

        await RestartAsync();

        _scene.Replica.CallsOf("PUT").Should().Equal("PUT " + _scene.SegmentKey(0, 0));
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Goes_on_in_the_next_index_after_a_checkpoint_while_away()
    {
        await FillAsync(segments: 2);
        _scene.Insert();
        _scene.Capture.Checkpoint();
        _scene.Insert();

        var worker = await RestartAsync();

        worker.Position.Should().Be(_scene.Capture.Head!.Position);
        worker.Position.Index.Should().Be(1);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Segments_without_a_snapshot_are_a_hole()
    {
        await FillAsync(segments: 2);
        _scene.Replica.Remove(_scene.SnapshotKey(0));

        await RefusedAsync(GenerationReason.ReplicaHoled, "no snapshot");
    }

    [Fact]
    public async Task A_missing_first_segment_is_a_hole()
    {
        await FillAsync(segments: 2);
        _scene.Replica.Remove(_scene.SegmentKey(0, 0));

        await RefusedAsync(GenerationReason.ReplicaHoled, "missing");
    }

    [Fact]
    public async Task A_missing_middle_segment_is_a_hole()
    {
        await FillAsync(segments: 3);
        _scene.Replica.Remove(Segments()[1]);

        await RefusedAsync(GenerationReason.ReplicaHoled, "missing");
    }

    [Fact]
    public async Task A_missing_index_is_a_hole()
    {
        await FillAsync(segments: 1);
        for (var i = 0; i < 2; i++)
        {
            _scene.Capture.Checkpoint();
            await FillAsync(segments: 1);
        }

        _scene.Replica.Remove(_scene.SegmentKey(1, 0));

        await RefusedAsync(GenerationReason.ReplicaHoled, "missing");
    }

    [Fact]
    public async Task A_missing_end_of_the_index_before_is_a_hole()
    {
        await FillAsync(segments: 2);
        _scene.Capture.Checkpoint();
        await FillAsync(segments: 1);
        _scene.Replica.Remove(Segments()[1]);

        await RefusedAsync(GenerationReason.ReplicaHoled, "missing");
    }

    [Fact]
    public async Task A_damaged_last_segment_is_a_hole()
    {
        await FillAsync(segments: 2);
        var key = _scene.Replica.Keys[^1];
        _scene.Replica[key] = _scene.Replica[key][..40];

        await RefusedAsync(GenerationReason.ReplicaHoled, key);
    }

    [Fact]
    public async Task A_lost_last_segment_is_uploaded_again()
    {
        await FillAsync(segments: 3);
        _scene.Replica.Remove(_scene.Replica.Keys[^1]);

        await RestartAsync();

        _scene.Capture.Requests.Should().BeEmpty();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_replica_with_other_bytes_has_diverged()
    {
        await FillAsync(segments: 2);
        var key = _scene.Replica.Keys[^1];
        var raw = ReplicationScene.Decode(_scene.Replica[key], key);
        raw[^1] ^= 1;
        _scene.Replica[key] = ReplicationScene.Encode(raw, Storage.SegmentTrailerCodec.Encode(_scene.SegmentTrailer(key)));

        await RefusedAsync(GenerationReason.ReplicaDiverged, key);
    }

    [Fact]
    public async Task A_replica_that_is_longer_than_the_shadow_has_diverged()
    {
        await FillAsync(segments: 2);
        var key = _scene.Replica.Keys[^1];
        var raw = ReplicationScene.Decode(_scene.Replica[key], key);
        _scene.Replica[key] = ReplicationScene.Encode([.. raw, .. raw], Storage.SegmentTrailerCodec.Encode(_scene.SegmentTrailer(key)));

        await RefusedAsync(GenerationReason.ReplicaDiverged, key);
    }

    [Fact]
    public async Task A_replica_with_an_index_that_was_never_captured_has_diverged()
    {
        await FillAsync(segments: 2);
        _scene.Replica[_scene.SegmentKey(1, 0)] = _scene.Replica[_scene.SegmentKey(0, 0)];

        await RefusedAsync(GenerationReason.ReplicaDiverged, "never captured");
    }

    [Fact]
    public async Task A_segment_without_our_trailer_is_another_writer()
    {
        await FillAsync(segments: 2);
        var key = _scene.Replica.Keys[^1];
        _scene.Replica[key] = ReplicationScene.Encode(ReplicationScene.Decode(_scene.Replica[key], key));

        await RefusedAsync(GenerationReason.ReplicaConflict, key);
    }

    [Fact]
    public async Task A_snapshot_without_our_trailer_is_another_writer()
    {
        await FillAsync(segments: 1);
        var key = _scene.SnapshotKey(0);
        _scene.Replica[key] = ReplicationScene.Encode(ReplicationScene.Decode(_scene.Replica[key], key));

        await RefusedAsync(GenerationReason.ReplicaConflict, key);
    }

    [Fact]
    public async Task A_snapshot_of_another_history_has_diverged()
    {
        await FillAsync(segments: 1);
        var key = _scene.SnapshotKey(0);
        var trailer = _scene.SnapshotTrailer(key);
        _scene.Replica[key] = ReplicationScene.Encode(
            ReplicationScene.Decode(_scene.Replica[key], key),
            Storage.SnapshotTrailerCodec.Encode(trailer with { CoveredChecksum = new Wal.ChainChecksum(1, 2) }));

        await RefusedAsync(GenerationReason.ReplicaDiverged, key);
    }

    [Fact]
    public async Task A_replica_whose_end_is_not_kept_any_more_rejoins_with_a_fresh_snapshot()
    {
        await FillAsync(segments: 2);
        _scene.Insert();
        _scene.Capture.Checkpoint();
        _scene.Insert();
        _scene.Capture.Remove(_scene.Generation, 0);

        var worker = await RestartAsync();

        _scene.Capture.Requests.Should().BeEmpty("one replica that lags costs the others nothing");
        _scene.Replica.CallsOf("PUT").Should().Equal("PUT " + _scene.SnapshotKey(1), "PUT " + _scene.SegmentKey(1, 0));
        worker.Position.Should().Be(_scene.Capture.Head!.Position);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_listing_that_fails_concludes_nothing()
    {
        await FillAsync(segments: 2);
        _scene.Replica.After = call => call.StartsWith("LIST", StringComparison.Ordinal)
            ? throw new ReplicaException("It broke off.", innerException: null, isTransient: true)
            : Task.CompletedTask;
        var worker = _scene.Worker();

        await FluentActions.Awaiting(() => _scene.PumpAsync(worker.RunOnceAsync(default))).Should().ThrowAsync<ReplicaException>();

        _scene.Capture.Requests.Should().BeEmpty();
        _scene.Replica.CallsOf("PUT").Should().HaveCount(3, "they are the first worker's");
        worker.ShadowClaim.IsEverything.Should().BeTrue();
    }

    [Fact]
    public async Task A_shadow_that_cannot_be_read_is_not_the_replicas_fault()
    {
        await FillAsync(segments: 2);
        _scene.Capture.ReadFailure = new IOException("The disk is gone.");
        var worker = _scene.Worker();

        await FluentActions.Awaiting(() => _scene.PumpAsync(worker.RunOnceAsync(default))).Should().ThrowAsync<ReplicaException>();

        _scene.Capture.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task Foreign_files_beside_the_objects_are_passed_over()
    {
        await FillAsync(segments: 2);
        _scene.Replica[$"generations/{_scene.Generation}/wal/00000000_00000000.wal.lz4.tmp"] = [1];
        _scene.Replica[$"generations/{_scene.Generation}/wal/0000000A_00000000.wal.lz4"] = [1];
        _scene.Replica[$"generations/{_scene.Generation}/README"] = [1];

        await RestartAsync();

        _scene.Capture.Requests.Should().BeEmpty();
    }

    public void Dispose() => _scene.Dispose();

    private List<string> Segments() =>
        [.. _scene.Replica.Keys.Where(key => key.Contains("/wal/", StringComparison.Ordinal))];

    private async Task FillAsync(int segments)
    {
        using var worker = _scene.Worker();
        for (var i = 0; i < segments; i++)
        {
            _scene.Insert();
            (await worker.RunOnceAsync(default)).Should().BeTrue();
        }
    }

    private async Task<ReplicaWorker> RestartAsync()
    {
        _scene.Replica.ForgetCalls();
        var worker = _scene.Worker();
        (await worker.RunOnceAsync(default)).Should().BeTrue();
        return worker;
    }

    private async Task RefusedAsync(GenerationReason reason, string detail)
    {
        _scene.Insert();
        _scene.Replica.ForgetCalls();
        using var worker = _scene.Worker();

        (await worker.RunOnceAsync(default)).Should().BeFalse();

        var request = _scene.Capture.Requests.Should().ContainSingle().Subject;
        request.Reason.Should().Be(reason);
        request.Detail.Should().Contain(detail).And.Contain("primary");
        _scene.Replica.CallsOf("PUT").Should().BeEmpty();
        worker.Position.IsEmpty.Should().BeTrue();
    }
}
