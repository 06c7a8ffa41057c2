using Litestream.Shadow;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>The snapshots after a generation's first.</summary>
public sealed class PeriodicSnapshotTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Interval = TimeSpan.FromHours(4);

    private readonly ReplicationScene _scene = new();

    public PeriodicSnapshotTests() => _scene.Options.SnapshotInterval = Interval;

    [Fact]
    public async Task Takes_one_when_the_interval_is_over()
    {
        var worker = await StartedAsync();
        NextIndex();
        await worker.RunOnceAsync(default);
        await worker.RunUpkeepOnceAsync(default);
        Snapshots().Should().HaveCount(1, "it is not time");

        _scene.Time.Advance(Interval);
        await worker.RunUpkeepOnceAsync(default);

        Snapshots().Should().Equal(_scene.SnapshotKey(0), _scene.SnapshotKey(1));
        worker.GetStatus().LastSnapshotAt.Should().Be(_scene.Time.GetUtcNow());
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Takes_none_while_nothing_has_changed()
    {
        var worker = await StartedAsync();
        NextIndex();
        await worker.RunOnceAsync(default);
        _scene.Time.Advance(Interval);
        await worker.RunUpkeepOnceAsync(default);
        _scene.Replica.ForgetCalls();

        for (var i = 0; i < 20; i++)
        {
            _scene.Time.Advance(Interval);
            await worker.RunUpkeepOnceAsync(default);
        }

        _scene.Capture.Images.Should().Be(2);
        _scene.Replica.CallsOf("PUT").Should().BeEmpty();
    }

    [Fact]
    public async Task Waits_until_the_WAL_has_started_over_where_its_index_has_a_snapshot()
    {
        var worker = await StartedAsync();
        _scene.Insert(3);
        await worker.RunOnceAsync(default);
        _scene.Time.Advance(3 * Interval);

        await worker.RunUpkeepOnceAsync(default);
        _scene.Capture.Images.Should().Be(1, "the format has room for one snapshot in an index");
        NextIndex();
        await worker.RunUpkeepOnceAsync(default);

        Snapshots().Should().Equal(_scene.SnapshotKey(0), _scene.SnapshotKey(1));
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task The_WAL_up_to_the_image_is_on_the_replica_before_the_snapshot_is_published()
    {
        var worker = await StartedAsync();
        NextIndex();
        _scene.Time.Advance(Interval);
        _scene.Capture.BeforeImage = () =>
        {
            _scene.Insert(2);
            return Task.CompletedTask;
        };
        var reachedBefore = 0L;
        _scene.Replica.Before = (call, _) =>
        {
            reachedBefore = call.Contains(".snapshot", StringComparison.Ordinal) ? Reached(1) : reachedBefore;
            return Task.CompletedTask;
        };

        await worker.RunUpkeepOnceAsync(default);

        var covered = _scene.SnapshotTrailer(_scene.SnapshotKey(1)).CoveredOffset;
        covered.Should().Be(_scene.Capture.Head!.Position.Offset).And.BeGreaterThan(0);
        reachedBefore.Should().BeGreaterThanOrEqualTo(covered);
    }

    [Fact]
    public async Task Segments_flow_beside_the_upload_and_the_image_is_let_go_of_before()
    {
        var worker = await StartedAsync();
        NextIndex();
        _scene.Time.Advance(Interval);
        var uploading = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        _scene.Replica.Before = async (call, _) =>
        {
            if (call.Contains(".snapshot", StringComparison.Ordinal))
            {
                uploading.SetResult();
                await release.Task;
            }
        };

        var upkeep = worker.RunUpkeepOnceAsync(default);
        await uploading.Task.WaitAsync(Patience);

        _scene.Capture.LastImage!.IsDisposed.Should().BeTrue("an image that is held keeps the WAL from starting over");
        for (var i = 0; i < 3; i++)
        {
            NextIndex();
            (await worker.RunOnceAsync(default)).Should().BeTrue();
            worker.Position.Should().Be(_scene.Capture.Head!.Position);
        }

        release.SetResult();
        await upkeep.WaitAsync(Patience);
        Snapshots().Should().HaveCount(2);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task The_interval_is_counted_from_the_newest_on_the_replica_also_after_a_restart()
    {
        using (await StartedAsync())
        {
            _scene.Time.Advance(Interval / 2);
        }

        NextIndex();
        var second = _scene.Worker();
        await second.RunOnceAsync(default);
        await second.RunUpkeepOnceAsync(default);
        Snapshots().Should().HaveCount(1);

        _scene.Time.Advance(Interval / 2);
        await second.RunUpkeepOnceAsync(default);

        Snapshots().Should().HaveCount(2);
    }

    [Fact]
    public async Task One_that_is_dated_in_the_future_does_not_put_off_the_next_for_ever()
    {
        _scene.Replica.AnswersWithStoredTime = true;
        _scene.Replica.After = call =>
        {
            if (call.EndsWith(_scene.SnapshotKey(0), StringComparison.Ordinal) && call.StartsWith("PUT", StringComparison.Ordinal))
            {
                _scene.Replica.SetCreatedAt(_scene.SnapshotKey(0), _scene.Time.GetUtcNow().AddYears(1));
            }

            return Task.CompletedTask;
        };
        var worker = await StartedAsync();
        NextIndex();
        await worker.RunOnceAsync(default);
        await worker.RunUpkeepOnceAsync(default);
        Snapshots().Should().HaveCount(1, "it is not time");

        _scene.Time.Advance(Interval);
        await worker.RunUpkeepOnceAsync(default);

        Snapshots().Should().HaveCount(2);
    }

    [Fact]
    public async Task A_failed_upload_costs_one_reading_of_the_database_and_says_so()
    {
        var worker = await StartedAsync();
        NextIndex();
        _scene.Time.Advance(Interval);
        FailSnapshots(transient: true);

        for (var i = 0; i < 3; i++)
        {
            await _scene.PumpAsync(worker.RunUpkeepOnceAsync(default));
            worker.GetStatus().Warning.Should().Contain("No new snapshot").And.Contain("The store is away");
            worker.GetStatus().State.Should().NotBe(ReplicationState.Faulted);
            _scene.Time.Advance(TimeSpan.FromMinutes(2));
        }

        _scene.Capture.Images.Should().Be(2);
        _scene.Logger.Collector.GetSnapshot().Count(record => record.Id.Name == "SnapshotFailed").Should().Be(1, "once in a row of failures");
        _scene.Replica.Before = (_, _) => Task.CompletedTask;
        await worker.RunUpkeepOnceAsync(default);
        worker.GetStatus().Warning.Should().BeNull();
        Snapshots().Should().HaveCount(2);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Is_not_tried_again_before_its_delay_is_over()
    {
        var worker = await StartedAsync();
        NextIndex();
        _scene.Time.Advance(Interval);
        FailSnapshots(transient: false);
        await worker.RunUpkeepOnceAsync(default);
        var calls = _scene.Replica.CallsOf("PUT").Count;

        await worker.RunUpkeepOnceAsync(default);

        _scene.Replica.CallsOf("PUT").Should().HaveCount(calls);
    }

    [Fact]
    public async Task One_whose_answer_was_lost_is_adopted_also_when_its_index_is_not_kept_any_more()
    {
        var worker = await StartedAsync();
        NextIndex();
        _scene.Time.Advance(Interval);
        _scene.Replica.After = call => call.StartsWith("PUT", StringComparison.Ordinal) && call.Contains(".snapshot", StringComparison.Ordinal)
            ? throw new ReplicaException("The answer is lost.", innerException: null, isTransient: false)
            : Task.CompletedTask;
        await worker.RunUpkeepOnceAsync(default);
        worker.GetStatus().Warning.Should().NotBeNull();
        NextIndex();
        await worker.RunOnceAsync(default);
        _scene.Capture.Remove(_scene.Generation, 1);
        _scene.Replica.After = _ => Task.CompletedTask;
        _scene.Time.Advance(TimeSpan.FromMinutes(2));

        await worker.RunUpkeepOnceAsync(default);

        worker.GetStatus().Warning.Should().BeNull();
        Snapshots().Should().HaveCount(2);
        _scene.Capture.Images.Should().Be(2);
        _scene.Capture.Requests.Should().BeEmpty();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Somebody_elses_in_its_place_ends_the_generation()
    {
        var worker = await StartedAsync();
        NextIndex();
        await worker.RunOnceAsync(default);
        _scene.Replica[_scene.SnapshotKey(1)] = ReplicationScene.Encode("not ours"u8);
        _scene.Time.Advance(Interval);

        await worker.RunUpkeepOnceAsync(default);

        _scene.Capture.Requests.Should().ContainSingle().Which.Reason.Should().Be(GenerationReason.ReplicaConflict);
    }

    [Fact]
    public async Task A_change_of_generation_ends_the_upload_of_the_old_ones()
    {
        var worker = await StartedAsync();
        NextIndex();
        _scene.Time.Advance(Interval);
        var uploading = new TaskCompletionSource();
        _scene.Replica.Before = async (call, token) =>
        {
            if (call.Contains(".snapshot", StringComparison.Ordinal))
            {
                uploading.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        var upkeep = worker.RunUpkeepOnceAsync(default);
        await uploading.Task.WaitAsync(Patience);

        _scene.Capture.NewGeneration();
        await upkeep.WaitAsync(Patience);

        _scene.Replica.Before = (_, _) => Task.CompletedTask;
        worker.GetStatus().Warning.Should().BeNull("that is no failure");
        (await worker.RunOnceAsync(default)).Should().BeTrue();
        Snapshots().Should().HaveCount(2, "each generation has its first");
        Directory.EnumerateFiles(_scene.Capture.SpoolDirectory).Should().BeEmpty();
    }

    [Fact]
    public async Task Switched_off_there_are_none_but_on_demand()
    {
        _scene.Options.SnapshotInterval = null;
        var worker = await StartedAsync();
        NextIndex();
        _scene.Time.Advance(TimeSpan.FromDays(10));
        await worker.RunUpkeepOnceAsync(default);
        Snapshots().Should().HaveCount(1);

        await worker.SnapshotAsync(default);

        Snapshots().Should().HaveCount(2);
        worker.CoveredSequence.Should().Be(_scene.Capture.Head!.Sequence);
    }

    [Fact]
    public async Task On_demand_none_is_taken_where_the_index_has_one_but_everything_is_uploaded()
    {
        var worker = await StartedAsync();
        _scene.Insert(3);

        await worker.SnapshotAsync(default);

        Snapshots().Should().HaveCount(1);
        worker.Position.Should().Be(_scene.Capture.Head!.Position);
    }

    [Fact]
    public async Task On_demand_a_failure_is_thrown()
    {
        var worker = await StartedAsync();
        NextIndex();
        FailSnapshots(transient: false);

        await FluentActions.Awaiting(() => worker.SnapshotAsync(default)).Should().ThrowAsync<ReplicaException>();
    }

    [Fact]
    public async Task The_loop_takes_them_by_itself()
    {
        using var stop = new CancellationTokenSource();
        var worker = await StartedAsync();
        var loop = worker.RunAsync(stop.Token);

        for (var snapshots = 2; snapshots <= 3; snapshots++)
        {
            NextIndex();
            var polls = 0;
            await ReplicationScene.UntilAsync(
                () =>
                {
                    // Further and further: the loop may have begun to wait only after the clock was moved.
                    if (polls++ % 50 == 0)
                    {
                        _scene.Time.Advance(Interval / 4);
                    }

                    return Snapshots().Count == snapshots;
                },
                "the interval is over");
        }

        await stop.CancelAsync();
        await loop.WaitAsync(Patience);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_demand_that_outlives_the_worker_is_told_so()
    {
        var worker = await StartedAsync();
        NextIndex();
        var uploading = new TaskCompletionSource();
        _scene.Replica.Before = async (call, token) =>
        {
            if (call.Contains(".snapshot", StringComparison.Ordinal))
            {
                uploading.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        var demand = worker.SnapshotAsync(default);
        await uploading.Task.WaitAsync(Patience);

        worker.Dispose();

        await FluentActions.Awaiting(() => demand.WaitAsync(Patience)).Should().ThrowAsync<InvalidOperationException>();
        Directory.EnumerateFiles(_scene.Capture.SpoolDirectory).Should().BeEmpty();
    }

    public void Dispose() => _scene.Dispose();

    private async Task<ReplicaWorker> StartedAsync()
    {
        var worker = _scene.Worker();
        (await worker.RunOnceAsync(default)).Should().BeTrue();
        return worker;
    }

    private void NextIndex()
    {
        _scene.Capture.Checkpoint();
        _scene.Insert(2);
    }

    private List<string> Snapshots() =>
        [.. _scene.Replica.Keys.Where(key => ReplicaLayout.TryParseSnapshot(key, out _))];

    private long Reached(int index) => _scene.Replica.Keys
        .Where(key => ReplicaLayout.TryParseSegment(key, out var name) && name.Index == index)
        .Select(key => _scene.SegmentTrailer(key).EndOffset)
        .DefaultIfEmpty(0)
        .Max();

    private void FailSnapshots(bool transient) => _scene.Replica.Before = (call, _) =>
        call.Contains(".snapshot", StringComparison.Ordinal)
            ? throw new ReplicaException("The store is away.", innerException: null, isTransient: transient)
            : Task.CompletedTask;
}
