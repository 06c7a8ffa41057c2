using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>Retention of a replica that a worker fills: when it runs, what it waits for, and what it does when it may not.</summary>
public sealed class ReplicaRetentionTests : IDisposable
{
    private static readonly TimeSpan Retention = TimeSpan.FromHours(24);
    private static readonly TimeSpan Interval = TimeSpan.FromHours(4);

    private readonly ReplicationScene _scene = new(pageSize: 512);
    private bool _inUpkeep;

    public ReplicaRetentionTests() => (_scene.Options.Retention, _scene.Options.SnapshotInterval) = (Retention, Interval);

    [Fact]
    public async Task Keeps_the_newest_snapshot_before_the_cut_off_and_all_behind_it()
    {
        var worker = await AgedAsync(intervals: 9);

        var snapshots = Snapshots();
        snapshots.Should().HaveCountGreaterThan(6).And.HaveCountLessThan(9);
        Indexes().Min().Should().Be(IndexOf(snapshots[0]), "its WAL goes with a snapshot");
        _scene.ShouldRestore();
        worker.GetStatus().Warning.Should().BeNull();
    }

    [Fact]
    public async Task Switched_off_nothing_is_deleted()
    {
        _scene.Options.Retention = null;

        await AgedAsync(intervals: 12);

        _scene.Replica.CallsOf("DELETE").Should().BeEmpty();
        Snapshots().Should().HaveCount(13);
    }

    [Fact]
    public async Task A_database_at_rest_is_listed_once_a_day_and_no_more()
    {
        var worker = await AgedAsync(intervals: 9);
        for (var hour = 0; hour < 48; hour++)
        {
            await HourAsync(worker);
        }

        _scene.Replica.ForgetCalls();
        for (var hour = 0; hour < 240; hour++)
        {
            await HourAsync(worker);
        }

        _scene.Replica.CallsOf("LIST generations/").Count(call => call == "LIST generations/").Should().BeLessThanOrEqualTo(10);
        _scene.Replica.Calls.Should().HaveCountLessThanOrEqualTo(14, "what is read of the first segment is read once");
        Snapshots().Should().HaveCount(1, "all others are old, and nothing has changed");
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Nothing_is_deleted_before_the_snapshot_that_replaces_it_has_been_read_back()
    {
        await AgedAsync(intervals: 9);

        var calls = _scene.Replica.Calls.ToList();
        var deleted = calls.FindIndex(call => call.StartsWith("DELETE", StringComparison.Ordinal));
        calls.Take(deleted).Should().Contain("GET " + _scene.SnapshotKey(1), "it is the oldest that is kept then");
    }

    [Fact]
    public async Task A_snapshot_that_is_found_damaged_ends_the_generation_and_nothing_older_is_deleted()
    {
        var worker = await AgedAsync(intervals: 5);
        var key = _scene.SnapshotKey(1);
        var damaged = _scene.Replica[key];
        damaged[damaged.Length / 3] ^= 1;
        _scene.Replica[key] = damaged;

        for (var i = 0; i < 4 * 4 && _scene.Capture.Requests.Count == 0; i++)
        {
            await HourAsync(worker);
        }

        _scene.Capture.Requests.Should().ContainSingle().Which.Reason.Should().Be(Litestream.Shadow.GenerationReason.ReplicaHoled);
        _scene.Replica.CallsOf("DELETE").Should().BeEmpty();
        _scene.Logger.Collector.GetSnapshot().Should().Contain(record => record.Id.Name == "SnapshotUnsound");
    }

    [Fact]
    public async Task A_store_that_refuses_to_delete_is_said_once_and_asked_once_a_day()
    {
        _scene.Replica.Before = (call, _) => call.StartsWith("DELETE", StringComparison.Ordinal)
            ? throw new ReplicaException("The bucket says: AccessDenied.")
            : Task.CompletedTask;

        var worker = await AgedAsync(intervals: 6 * 4);

        _scene.Replica.CallsOf("DELETE").Should().HaveCountLessThanOrEqualTo(4);
        worker.GetStatus().Warning.Should().Contain("AccessDenied").And.Contain("set Retention to off");
        worker.GetStatus().State.Should().NotBe(ReplicationState.Faulted);
        _scene.Logger.Collector.GetSnapshot().Count(record => record.Id.Name == "RetentionFailed").Should().Be(1);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task An_interrupted_run_goes_on_at_the_next()
    {
        var failed = false;
        _scene.Replica.After = call =>
        {
            if (!failed && call.StartsWith("DELETE", StringComparison.Ordinal))
            {
                failed = true;
                throw new ReplicaException("The answer is lost.");
            }

            return Task.CompletedTask;
        };

        await AgedAsync(intervals: 14);

        failed.Should().BeTrue();
        Snapshots().Should().HaveCountLessThan(9);
        Indexes().Min().Should().Be(IndexOf(Snapshots()[0]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_listing_that_fails_or_breaks_off_deletes_nothing(bool atOnce)
    {
        // Not the look before an upload after a pause, which would hold up the upload.
        Task Fail(string call) => _inUpkeep && call == "LIST generations/"
            ? throw new ReplicaException("The listing broke off.", innerException: null, isTransient: false)
            : Task.CompletedTask;
        if (atOnce)
        {
            _scene.Replica.Before = (call, _) => Fail(call);
        }
        else
        {
            _scene.Replica.After = Fail;
        }

        var worker = await AgedAsync(intervals: 10);

        _scene.Replica.CallsOf("DELETE").Should().BeEmpty();
        worker.GetStatus().Warning.Should().Contain("broke off");
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Clocks_that_are_far_apart_delete_nothing()
    {
        var worker = await AgedAsync(intervals: 5);
        _scene.Replica.After = call =>
        {
            if (call.StartsWith("PUT", StringComparison.Ordinal))
            {
                _scene.Replica.SetCreatedAt(call[4..], _scene.Time.GetUtcNow().AddDays(2));
            }

            return Task.CompletedTask;
        };
        _scene.Replica.AnswersWithStoredTime = true;

        for (var i = 0; i < 4; i++)
        {
            await IntervalAsync(worker);
        }

        _scene.Replica.CallsOf("DELETE").Should().BeEmpty();
        worker.GetStatus().Warning.Should().Contain("apart");
    }

    [Fact]
    public async Task Superseded_generations_go_when_they_are_old_and_the_shadow_has_left_them()
    {
        var worker = await AgedAsync(intervals: 2);
        var old = _scene.Generation;
        _scene.Capture.Capture();
        _scene.Capture.NewGeneration();
        for (var i = 0; i < 40; i++)
        {
            _scene.Capture.Remove(old, i);
        }

        await worker.RunOnceAsync(default);
        _scene.Capture.ForgetGeneration(old);

        for (var i = 0; i < 8; i++)
        {
            await IntervalAsync(worker);
        }

        _scene.Replica.Keys.Should().NotContain(key => key.Contains(old, StringComparison.Ordinal));
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_generation_that_the_shadow_still_keeps_is_not_deleted_whatever_its_age()
    {
        var worker = await AgedAsync(intervals: 2);
        var old = _scene.Generation;
        _scene.Capture.Capture();
        _scene.Capture.NewGeneration();
        await worker.RunOnceAsync(default);

        for (var i = 0; i < 12; i++)
        {
            await IntervalAsync(worker);
        }

        _scene.Replica.Keys.Should().Contain(key => key.Contains(old, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_generation_that_ends_after_a_long_rest_goes_also_where_no_snapshots_are_taken()
    {
        _scene.Options.SnapshotInterval = null;
        var worker = await AgedAsync(intervals: 1);
        for (var hour = 0; hour < 48; hour++)
        {
            await HourAsync(worker);
        }

        var old = _scene.Generation;
        _scene.Capture.Capture();
        _scene.Capture.NewGeneration();
        _scene.Insert();
        await worker.RunOnceAsync(default);
        _scene.Capture.ForgetGeneration(old);
        for (var i = 0; i < 8; i++)
        {
            await IntervalAsync(worker);
        }

        _scene.Replica.Keys.Should().NotContain(key => key.Contains(old, StringComparison.Ordinal));
        _scene.ShouldRestore();
    }

    public void Dispose() => _scene.Dispose();

    private async Task<ReplicaWorker> AgedAsync(int intervals)
    {
        var worker = _scene.Worker();
        await worker.RunOnceAsync(default);
        for (var i = 0; i < intervals; i++)
        {
            await IntervalAsync(worker);
        }

        return worker;
    }

    private async Task IntervalAsync(ReplicaWorker worker)
    {
        _scene.Insert();
        _scene.Capture.Checkpoint();
        _scene.Insert();
        for (var hour = 0; hour < 4; hour++)
        {
            await HourAsync(worker);
        }
    }

    private async Task HourAsync(ReplicaWorker worker)
    {
        _scene.Time.Advance(TimeSpan.FromHours(1));
        try
        {
            await worker.RunOnceAsync(default);
        }
        catch (ReplicaException)
        {
            // The status says it.
        }

        _inUpkeep = true;
        await worker.RunUpkeepOnceAsync(default);
        _inUpkeep = false;
    }

    private List<string> Snapshots() => [.. _scene.Replica.Keys.Where(key => ReplicaLayout.TryParseSnapshot(key, out _))];

    private IEnumerable<int> Indexes() => _scene.Replica.Keys
        .Where(key => ReplicaLayout.TryParseSegment(key, out _))
        .Select(key => ReplicaLayout.TryParseSegment(key, out var name) ? name.Index : -1);

    private static int IndexOf(string snapshot) => ReplicaLayout.TryParseSnapshot(snapshot, out var name) ? name.Index : -1;
}
