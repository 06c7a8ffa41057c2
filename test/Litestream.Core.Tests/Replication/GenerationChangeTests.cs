namespace Litestream.Replication;

/// <summary>What a worker does when the database goes on to another generation, or its claim on the shadow is lost.</summary>
public sealed class GenerationChangeTests : IDisposable
{
    private readonly ReplicationScene _scene = new();

    [Fact]
    public async Task Drains_the_old_generation_before_the_new_one_begins()
    {
        var worker = _scene.Worker();
        await worker.RunOnceAsync(default);
        var old = _scene.Generation;
        _scene.Insert(3);
        var end = _scene.Capture.Image().Bytes;
        _scene.Capture.NewGeneration();
        _scene.Replica.ForgetCalls();

        (await worker.RunOnceAsync(default)).Should().BeTrue();

        var puts = _scene.Replica.CallsOf("PUT");
        puts.Should().HaveCount(3);
        puts[0].Should().StartWith($"PUT generations/{old}/wal/");
        puts[1].Should().Be("PUT " + _scene.SnapshotKey(0));
        puts[2].Should().Be("PUT " + _scene.SegmentKey(0, 0));
        ReplicationScene.Restore(_scene.Replica, old).Should().Equal(end);
        _scene.ShouldRestore();
        worker.ShadowClaim.Generation.Should().Be(_scene.Generation);
    }

    [Fact]
    public async Task Drains_after_a_restart_what_the_last_run_had_not_uploaded()
    {
        using (var before = _scene.Worker())
        {
            await before.RunOnceAsync(default);
        }

        var old = _scene.Generation;
        _scene.Insert(3);
        var end = _scene.Capture.Image().Bytes;
        _scene.Capture.NewGeneration();

        await _scene.Worker().RunOnceAsync(default);

        ReplicationScene.Restore(_scene.Replica, old).Should().Equal(end);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task An_old_generation_that_cannot_be_drained_does_not_hold_up_the_new_one()
    {
        var worker = _scene.Worker();
        await worker.RunOnceAsync(default);
        var old = _scene.Generation;
        _scene.Insert();
        _scene.Capture.NewGeneration();
        _scene.Capture.Remove(old, 0);

        (await worker.RunOnceAsync(default)).Should().BeTrue();

        _scene.ShouldRestore();
        _scene.Capture.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task A_waiter_of_the_old_generation_is_released_by_what_covers_it()
    {
        var worker = _scene.Worker();
        await worker.RunOnceAsync(default);
        _scene.Insert();
        var waiter = worker.WaitForAsync(_scene.Capture.Head!.Sequence, default);
        _scene.Capture.NewGeneration();

        await worker.RunOnceAsync(default);

        await waiter.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_snapshot_of_the_new_generation_releases_waiters_of_one_that_never_got_here()
    {
        var worker = _scene.Worker();
        _scene.Insert();
        var waiter = worker.WaitForAsync(_scene.Capture.Head!.Sequence, default);
        _scene.Capture.NewGeneration();
        var released = false;
        _scene.Replica.Before = (call, _) =>
        {
            released |= call.Contains("/wal/", StringComparison.Ordinal) && waiter.IsCompleted;
            return Task.CompletedTask;
        };

        await worker.RunOnceAsync(default);

        await waiter.WaitAsync(TimeSpan.FromSeconds(30));
        worker.Position.Should().Be(_scene.Capture.Head!.Position);
    }

    [Fact]
    public async Task A_generation_that_changes_while_the_image_is_opened_is_planned_anew()
    {
        var worker = _scene.Worker();
        _scene.Capture.BeforeImage = () =>
        {
            _scene.Capture.BeforeImage = () => Task.CompletedTask;
            _scene.Capture.NewGeneration();
            return Task.CompletedTask;
        };

        (await worker.RunOnceAsync(default)).Should().BeFalse();
        _scene.Replica.CallsOf("PUT").Should().BeEmpty();
        (await worker.RunOnceAsync(default)).Should().BeTrue();

        _scene.ShouldRestore();
        Spool().Should().BeEmpty();
    }

    [Fact]
    public async Task A_generation_that_changes_while_its_snapshot_is_uploaded_is_drained_and_left()
    {
        var worker = _scene.Worker();
        var old = _scene.Generation;
        _scene.Replica.Before = (call, _) =>
        {
            if (call.StartsWith("PUT", StringComparison.Ordinal) && _scene.Generation == old)
            {
                _scene.Insert();
                _scene.Capture.NewGeneration();
            }

            return Task.CompletedTask;
        };

        await worker.RunOnceAsync(default);
        (await worker.RunOnceAsync(default)).Should().BeTrue();

        ReplicationScene.Restore(_scene.Replica, old).Should().Equal(_scene.Capture.Image().Bytes);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Claims_the_last_uploaded_segment_and_everything_after_it()
    {
        var worker = _scene.Worker();
        worker.ShadowClaim.IsEverything.Should().BeTrue();

        await worker.RunOnceAsync(default);
        worker.ShadowClaim.Should().Be(ShadowClaim.From(_scene.Generation, 0));
        _scene.Capture.Checkpoint();
        _scene.Insert();
        _scene.Capture.Checkpoint();
        _scene.Insert();
        await worker.RunOnceAsync(default);

        worker.ShadowClaim.Should().Be(ShadowClaim.From(_scene.Generation, 2));
    }

    [Fact]
    public async Task Rejoins_with_a_fresh_snapshot_when_its_claim_was_dropped_and_the_shadow_removed()
    {
        var worker = _scene.Worker();
        await worker.RunOnceAsync(default);
        _scene.Insert();
        _scene.Capture.Checkpoint();
        _scene.Insert();
        worker.DropClaim();
        worker.ShadowClaim.IsNothing.Should().BeTrue();
        _scene.Capture.Remove(_scene.Generation, 0);
        _scene.Replica.ForgetCalls();

        (await worker.RunOnceAsync(default)).Should().BeTrue();

        _scene.Replica.CallsOf("PUT").Should().Equal("PUT " + _scene.SnapshotKey(1), "PUT " + _scene.SegmentKey(1, 0));
        _scene.SegmentTrailer(_scene.SegmentKey(1, 0)).Previous.Should().BeNull("it continues nothing");
        worker.ShadowClaim.Should().Be(ShadowClaim.From(_scene.Generation, 1));
        worker.CoveredSequence.Should().Be(_scene.Capture.Head!.Sequence);
        _scene.Capture.Requests.Should().BeEmpty();
        _scene.ShouldRestore();

        // A restart goes on from there, past the hole that lies before the snapshot.
        _scene.Insert();
        await _scene.Worker().RunOnceAsync(default);
        _scene.Capture.Requests.Should().BeEmpty();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Rejoins_when_an_index_between_its_own_and_the_one_in_use_is_gone()
    {
        var worker = _scene.Worker();
        await worker.RunOnceAsync(default);
        for (var i = 0; i < 2; i++)
        {
            _scene.Capture.Checkpoint();
            _scene.Insert();
        }

        _scene.Capture.Remove(_scene.Generation, 1);

        (await worker.RunOnceAsync(default)).Should().BeTrue();

        _scene.Replica.Keys.Should().Contain(_scene.SnapshotKey(2));
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Needs_no_snapshot_when_the_dropped_shadow_is_still_there()
    {
        var worker = _scene.Worker();
        await worker.RunOnceAsync(default);
        _scene.Insert();
        worker.DropClaim();

        await worker.RunOnceAsync(default);

        _scene.Capture.Images.Should().Be(1);
        worker.ShadowClaim.IsNothing.Should().BeFalse();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_replica_that_is_away_holds_nothing_in_the_shadow_before_its_first_snapshot()
    {
        var worker = _scene.Worker();
        _scene.Replica.Before = (call, _) => call.StartsWith("PUT", StringComparison.Ordinal)
            ? throw new ReplicaException("The store is away.", innerException: null, isTransient: true)
            : Task.CompletedTask;
        await FailAsync(worker);

        // The spooled snapshot's index is claimed, until the claim is dropped.
        worker.ShadowClaim.Should().Be(ShadowClaim.From(_scene.Generation, 0));
        Spool().Should().ContainSingle();
        worker.DropClaim();
        _scene.Capture.Checkpoint();
        _scene.Insert();
        _scene.Capture.Remove(_scene.Generation, 0);
        _scene.Replica.Before = (_, _) => Task.CompletedTask;

        (await worker.RunOnceAsync(default)).Should().BeTrue();

        _scene.Replica.Keys.Should().Equal(_scene.SnapshotKey(1), _scene.SegmentKey(1, 0));
        Spool().Should().BeEmpty();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_spooled_snapshot_survives_failed_uploads_and_is_not_taken_again()
    {
        var worker = _scene.Worker();
        _scene.Replica.Before = (call, _) => call.StartsWith("PUT", StringComparison.Ordinal)
            ? throw new ReplicaException("The store is away.", innerException: null, isTransient: true)
            : Task.CompletedTask;
        await FailAsync(worker);
        _scene.Insert();
        await FailAsync(worker);
        _scene.Replica.Before = (_, _) => Task.CompletedTask;

        await worker.RunOnceAsync(default);

        _scene.Capture.Images.Should().Be(1);
        worker.CoveredSequence.Should().Be(_scene.Capture.Head!.Sequence);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Too_little_room_for_the_spool_is_said_and_passes_when_there_is_room()
    {
        var worker = _scene.Worker();
        _scene.FreeSpace = SnapshotSpool.ReserveBytes;

        var failure = (await FluentActions.Awaiting(() => worker.RunOnceAsync(default)).Should().ThrowAsync<ReplicaException>()).Which;

        failure.IsTransient.Should().BeTrue();
        failure.Message.Should().Contain("no room").And.Contain(_scene.Capture.SpoolDirectory);
        Spool().Should().BeEmpty();
        _scene.FreeSpace = long.MaxValue;
        (await worker.RunOnceAsync(default)).Should().BeTrue();
    }

    [Fact]
    public async Task The_snapshot_alone_is_a_position_that_can_be_restored()
    {
        var worker = _scene.Worker();
        var afterSnapshot = new List<(ReplicationPosition Position, long Sequence)>();
        _scene.Replica.Before = (call, _) =>
        {
            if (call == "PUT " + _scene.SegmentKey(0, 0))
            {
                afterSnapshot.Add((worker.Position, worker.CoveredSequence));
            }

            return Task.CompletedTask;
        };

        await worker.RunOnceAsync(default);

        var image = _scene.SnapshotTrailer(_scene.SnapshotKey(0));
        afterSnapshot.Should().ContainSingle().Which.Position.Should()
            .Be(new ReplicationPosition(_scene.Generation, 0, image.CoveredOffset));
        afterSnapshot[0].Sequence.Should().BeGreaterThanOrEqualTo(0);
    }

    public void Dispose() => _scene.Dispose();

    private IEnumerable<string> Spool() => Directory.Exists(_scene.Capture.SpoolDirectory)
        ? Directory.EnumerateFileSystemEntries(_scene.Capture.SpoolDirectory)
        : [];

    private async Task FailAsync(ReplicaWorker worker) =>
        await FluentActions.Awaiting(() => _scene.PumpAsync(worker.RunOnceAsync(default))).Should().ThrowAsync<ReplicaException>();
}
