using Litestream.Shadow;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>What happens to a replica behind its worker's back is noticed, said, and answered with a new generation.</summary>
public sealed class ReplicaInspectionTests : IDisposable
{
    private const string Other = "ffffffffffffffff";

    private readonly ReplicationScene _scene = new(pageSize: 512);

    public ReplicaInspectionTests() => _scene.Options.Retention = null;

    [Fact]
    public async Task A_sound_replica_is_listed_once_a_day_and_nothing_comes_of_it()
    {
        var worker = await FilledAsync();
        _scene.Replica.ForgetCalls();

        for (var hour = 0; hour < 24 * 5; hour++)
        {
            _scene.Time.Advance(TimeSpan.FromHours(1));
            await worker.RunUpkeepOnceAsync(default);
        }

        _scene.Replica.CallsOf("LIST").Count(call => call == "LIST generations/").Should().Be(5);
        _scene.Replica.Calls.Should().HaveCountLessThanOrEqualTo(8, "and once it reads what the first segment says, and once, after the uploads, the names");
        worker.GetStatus().LastCheckedAt.Should().Be(_scene.Time.GetUtcNow());
        worker.GetStatus().Warning.Should().BeNull();
        _scene.Capture.Requests.Should().BeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(11)]
    public async Task Any_segment_that_is_missing_is_noticed_and_named(int which)
    {
        var worker = await FilledAsync(segments: 12);
        var segments = Segments();
        _scene.Replica.Remove(segments[which]);

        await DayAsync(worker);

        var (generation, reason, detail) = _scene.Capture.Requests.Should().ContainSingle().Subject;
        generation.Should().Be(_scene.Generation);
        reason.Should().Be(GenerationReason.ReplicaHoled);
        detail.Should().Contain(which < 11 ? segments[which + 1] : segments[which]);
        worker.GetStatus().Warning.Should().Contain("missing");
        _scene.Logger.Collector.GetSnapshot().Should().Contain(record => record.Id.Name == "ReplicaUnsound");
    }

    [Fact]
    public async Task Any_segment_that_is_missing_is_noticed_at_start()
    {
        using (await FilledAsync(segments: 12))
        {
        }

        _scene.Replica.Remove(Segments()[4]);
        _scene.Insert();
        var second = _scene.Worker();

        (await second.RunOnceAsync(default)).Should().BeFalse();

        _scene.Capture.Requests.Should().ContainSingle().Which.Reason.Should().Be(GenerationReason.ReplicaHoled);
        _scene.Replica.CallsOf("PUT").Should().HaveCount(13, "nothing is added to what has a hole");
    }

    [Fact]
    public async Task A_wiped_replica_gets_a_new_generation()
    {
        var worker = await FilledAsync();
        foreach (var key in _scene.Replica.Keys)
        {
            _scene.Replica.Remove(key);
        }

        await DayAsync(worker);

        _scene.Capture.Requests.Should().ContainSingle().Which.Reason.Should().Be(GenerationReason.ReplicaHoled);
        _scene.Capture.NewGeneration();
        (await worker.RunOnceAsync(default)).Should().BeTrue();
        _scene.ShouldRestore();
        await DayAsync(worker);
        worker.GetStatus().Warning.Should().BeNull("it holds what it should again");
    }

    [Fact]
    public async Task A_missing_snapshot_is_noticed()
    {
        var worker = await FilledAsync();
        _scene.Replica.Remove(_scene.SnapshotKey(0));

        await DayAsync(worker);

        _scene.Capture.Requests.Should().ContainSingle().Which.Detail.Should().Contain(_scene.SnapshotKey(0));
    }

    [Fact]
    public async Task Before_the_first_upload_after_an_hour_it_is_looked_at()
    {
        var worker = await FilledAsync();
        _scene.Replica.Remove(Segments()[1]);
        _scene.Time.Advance(TimeSpan.FromMinutes(59));
        _scene.Insert();
        (await worker.RunOnceAsync(default)).Should().BeTrue("that is no pause yet");
        _scene.Time.Advance(TimeSpan.FromMinutes(61));
        _scene.Insert();
        _scene.Replica.ForgetCalls();

        (await worker.RunOnceAsync(default)).Should().BeFalse();

        _scene.Replica.CallsOf("PUT").Should().BeEmpty();
        _scene.Capture.Requests.Should().ContainSingle().Which.Reason.Should().Be(GenerationReason.ReplicaHoled);
    }

    [Fact]
    public async Task One_that_has_become_longer_than_what_was_uploaded_from_here_is_another_ones()
    {
        var worker = await FilledAsync();
        _scene.Replica[_scene.SegmentKey(0, 1L << 20)] = [1];
        _scene.Replica[_scene.SegmentKey(1, 0)] = [1];

        await DayAsync(worker);

        var (_, reason, detail) = _scene.Capture.Requests.Should().ContainSingle().Subject;
        reason.Should().Be(GenerationReason.ReplicaDiverged);
        detail.Should().Contain("somebody else writes there");
    }

    [Fact]
    public async Task While_somebody_else_writes_there_nothing_is_deleted()
    {
        (_scene.Options.Retention, _scene.Options.SnapshotInterval) = (TimeSpan.FromHours(24), TimeSpan.FromHours(4));
        var worker = await FilledAsync();
        for (var hour = 0; hour < 72; hour++)
        {
            _scene.Time.Advance(TimeSpan.FromHours(1));
            _scene.Replica[ReplicaLayout.SegmentKey(Other, hour, 0)] = [1];
            _scene.Capture.Checkpoint();
            _scene.Insert();
            await worker.RunOnceAsync(default);
            await worker.RunUpkeepOnceAsync(default);
        }

        _scene.Replica.CallsOf("DELETE").Should().BeEmpty();
        _scene.Capture.Requests.Should().BeEmpty("two that answer each other with new generations would never end");
        worker.GetStatus().Warning.Should().Contain(Other).And.Contain("Nothing is deleted there");
    }

    [Fact]
    public async Task Older_generations_are_nobodys_business()
    {
        _scene.Replica[ReplicaLayout.SnapshotKey(Other, 0)] = [1];
        _scene.Time.Advance(TimeSpan.FromMinutes(10));
        var worker = await FilledAsync();

        await DayAsync(worker);

        _scene.Capture.Requests.Should().BeEmpty();
        worker.GetStatus().LastCheckedAt.Should().NotBeNull();
    }

    [Fact]
    public async Task A_segment_that_goes_up_meanwhile_is_no_difference()
    {
        var worker = await FilledAsync();
        _scene.Replica.After = async call =>
        {
            if (call == "LIST generations/")
            {
                _scene.Replica.After = _ => Task.CompletedTask;
                _scene.Insert(3);
                await worker.RunOnceAsync(default);
            }
        };
        _scene.Replica.Before = async (call, _) =>
        {
            if (call == "LIST generations/")
            {
                _scene.Replica.Before = (_, _) => Task.CompletedTask;
                _scene.Capture.Checkpoint();
                _scene.Insert(3);
                await worker.RunOnceAsync(default);
            }
        };
        for (var i = 0; i < 48 && worker.GetStatus().LastCheckedAt is null; i++)
        {
            // Never so long without an upload that the pass itself would look.
            _scene.Time.Advance(TimeSpan.FromMinutes(30));
            _scene.Insert();
            await worker.RunOnceAsync(default);
            await worker.RunUpkeepOnceAsync(default);
        }

        _scene.Capture.Requests.Should().BeEmpty();
        worker.GetStatus().LastCheckedAt.Should().NotBeNull();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_rejoined_replica_is_sound_whatever_it_lacks()
    {
        var worker = await FilledAsync();
        _scene.Insert(2);
        _scene.Capture.Checkpoint();
        _scene.Insert(2);
        _scene.Capture.Checkpoint();
        _scene.Insert(2);
        worker.DropClaim();
        _scene.Capture.Remove(_scene.Generation, 0);
        _scene.Capture.Remove(_scene.Generation, 1);
        await worker.RunOnceAsync(default);
        await worker.RunOnceAsync(default);

        await DayAsync(worker);

        _scene.Capture.Requests.Should().BeEmpty();
        worker.GetStatus().Warning.Should().BeNull();
        worker.GetStatus().LastCheckedAt.Should().NotBeNull();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task One_that_rejoins_while_it_is_looked_at_has_no_hole()
    {
        _scene.Options.ReplicaCheckInterval = TimeSpan.FromMinutes(30);
        var worker = await FilledAsync();
        _scene.Insert(2);
        _scene.Capture.Checkpoint();
        _scene.Insert(2);
        _scene.Capture.Checkpoint();
        _scene.Insert(2);
        worker.DropClaim();
        _scene.Capture.Remove(_scene.Generation, 0);
        _scene.Capture.Remove(_scene.Generation, 1);
        _scene.Time.Advance(TimeSpan.FromMinutes(31));
        var rejoined = false;
        _scene.Replica.Before = async (call, _) =>
        {
            if (!rejoined && call == "LIST generations/")
            {
                rejoined = true;
                (await worker.RunOnceAsync(default)).Should().BeTrue();
            }
        };

        await worker.RunUpkeepOnceAsync(default);

        rejoined.Should().BeTrue();
        _scene.Capture.Requests.Should().BeEmpty();
        worker.GetStatus().Warning.Should().BeNull();
        await worker.RunUpkeepOnceAsync(default);
        worker.GetStatus().LastCheckedAt.Should().NotBeNull("the next look tells");
    }

    [Fact]
    public async Task Nothing_is_acknowledged_any_more_once_it_is_known_to_lack_something()
    {
        _scene.Options.ReplicaCheckInterval = TimeSpan.FromMinutes(10);
        var worker = await FilledAsync();
        _scene.Time.Advance(TimeSpan.FromMinutes(11));
        _scene.Insert();
        _scene.Replica.Remove(_scene.SnapshotKey(0));
        _scene.Replica.Before = async (call, _) =>
        {
            if (call.StartsWith("PUT", StringComparison.Ordinal))
            {
                await worker.RunUpkeepOnceAsync(default);
            }
        };

        (await worker.RunOnceAsync(default)).Should().BeFalse();

        _scene.Capture.Requests.Should().ContainSingle().Which.Reason.Should().Be(GenerationReason.ReplicaHoled);
        worker.CoveredSequence.Should().BeLessThan(_scene.Capture.Head!.Sequence);
        worker.ShadowClaim.IsNothing.Should().BeTrue();
    }

    [Fact]
    public async Task A_generation_that_is_being_left_is_not_looked_at()
    {
        // Another replica lags, say, so that the shadow still keeps it at the next start.
        using (var before = await FilledAsync())
        {
            _scene.Time.Advance(TimeSpan.FromHours(1));
            _scene.Capture.NewGeneration();
            _scene.Insert();
            await before.RunOnceAsync(default);
        }

        var worker = _scene.Worker();
        var entering = false;
        _scene.Replica.Before = async (call, _) =>
        {
            if (!entering && call == $"LIST generations/{_scene.Generation}/")
            {
                entering = true;
                await worker.RunUpkeepOnceAsync(default);
            }
        };

        (await worker.RunOnceAsync(default)).Should().BeTrue();

        entering.Should().BeTrue();
        worker.GetStatus().Warning.Should().BeNull("what lies behind it is its own");
        _scene.Logger.Collector.GetSnapshot().Should().NotContain(record => record.Id.Name == "ReplicaUnsound");
    }

    [Fact]
    public async Task Where_others_delete_by_age_only_what_the_newest_state_needs_is_counted()
    {
        var worker = await FilledAsync(segments: 6);
        _scene.Capture.Checkpoint();
        _scene.Insert(2);
        await worker.RunOnceAsync(default);
        await worker.SnapshotAsync(default);
        _scene.Insert(2);
        await worker.RunOnceAsync(default);
        foreach (var key in Segments().Take(3))
        {
            _scene.Replica.Remove(key);
        }

        await DayAsync(worker);

        _scene.Capture.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task Where_retention_is_ours_all_that_is_kept_is_counted()
    {
        _scene.Options.Retention = TimeSpan.FromDays(30);
        var worker = await FilledAsync(segments: 6);
        _scene.Capture.Checkpoint();
        _scene.Insert(2);
        await worker.RunOnceAsync(default);
        await worker.SnapshotAsync(default);
        _scene.Replica.Remove(Segments()[3]);

        await DayAsync(worker);

        _scene.Capture.Requests.Should().ContainSingle().Which.Reason.Should().Be(GenerationReason.ReplicaHoled);
    }

    [Fact]
    public async Task A_replica_that_cannot_be_listed_is_not_taken_for_an_empty_one()
    {
        var worker = await FilledAsync();
        _scene.Replica.Before = (call, _) => call == "LIST generations/"
            ? throw new ReplicaException("403.")
            : Task.CompletedTask;

        await DayAsync(worker);
        await worker.RunUpkeepOnceAsync(default);

        _scene.Capture.Requests.Should().BeEmpty();
        worker.GetStatus().Warning.Should().Contain("could not be checked").And.Contain("403");
        _scene.Replica.CallsOf("LIST").Should().HaveCountLessThanOrEqualTo(3, "and it is asked again on a slow clock");
    }

    public void Dispose() => _scene.Dispose();

    private async Task<ReplicaWorker> FilledAsync(int segments = 4)
    {
        var worker = _scene.Worker();
        for (var i = 0; i < segments; i++)
        {
            _scene.Insert();
            (await worker.RunOnceAsync(default)).Should().BeTrue();
        }

        Segments().Should().HaveCount(segments);
        return worker;
    }

    private async Task DayAsync(ReplicaWorker worker)
    {
        _scene.Time.Advance(TimeSpan.FromHours(24));
        await worker.RunUpkeepOnceAsync(default);
    }

    private List<string> Segments() => [.. _scene.Replica.Keys.Where(key => ReplicaLayout.TryParseSegment(key, out _))];
}
