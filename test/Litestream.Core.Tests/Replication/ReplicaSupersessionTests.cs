using Litestream.Shadow;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>Two machines on one replica path: the one that began later goes on, the other says so and publishes nothing more.</summary>
public sealed class ReplicaSupersessionTests : IDisposable
{
    private readonly ReplicationScene _old = new(pageSize: 512);
    private readonly ReplicationScene _new;

    public ReplicaSupersessionTests()
    {
        _new = new ReplicationScene(pageSize: 512, elsewhere: _old);
        (_old.Options.Retention, _new.Options.Retention) = (null, null);
    }

    [Fact]
    public async Task The_one_that_began_later_goes_on_and_the_other_says_so_once_and_never_publishes_again()
    {
        var (first, second) = await BothAsync();
        var published = PublishedBy(_old);

        for (var i = 0; i < 20; i++)
        {
            _old.Insert();
            _old.Capture.Checkpoint();
            await first.Invoking(worker => worker.RunOnceAsync(default)).Should().ThrowAsync<ReplicaException>().WithMessage("*began later*");
            _old.Time.Advance(TimeSpan.FromHours(5));
            await first.RunUpkeepOnceAsync(default);
            await UploadAsync(_new, second);
            await second.RunUpkeepOnceAsync(default);
        }

        await first.Invoking(worker => worker.SnapshotAsync(default)).Should().ThrowAsync<ReplicaException>();
        PublishedBy(_old).Should().Equal(published);
        var status = first.GetStatus();
        status.State.Should().Be(ReplicationState.Faulted);
        status.LastError.Should().Contain(_new.Generation).And.Contain("path of its own").And.Contain("restart this process");
        first.ShadowClaim.IsNothing.Should().BeTrue("the shadow does not grow for it");
        _old.Logger.Collector.GetSnapshot().Should().ContainSingle(record => record.Id.Name == "ReplicaSuperseded");
        _old.Logger.Collector.GetSnapshot().Should().NotContain(record => record.Id.Name == "ReplicaFaulted" || record.Id.Name == "ReplicaStillFailing");
        _old.Capture.Requests.Should().BeEmpty("other replicas of the database are not affected");
        second.GetStatus().LastError.Should().BeNull();
        _new.Capture.Requests.Should().BeEmpty();
        _new.ShouldRestore();
        _old.Replica.CallsOf("DELETE").Should().BeEmpty();
    }

    [Fact]
    public async Task Whoever_waits_for_the_other_fails()
    {
        var first = await BeginAsync(_old);
        await BeginAsync(_new);
        await UploadAsync(_old, first);
        _old.Insert();
        var waiting = first.WaitForAsync(_old.Capture.Head!.Sequence, default);

        await first.RunUpkeepOnceAsync(default);

        (await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<ReplicaException>()).Which.IsTransient.Should().BeFalse();
        await FluentActions.Awaiting(() => first.WaitForAsync(_old.Capture.Head!.Sequence, default)).Should().ThrowAsync<ReplicaException>();
        await FluentActions.Awaiting(() => first.SyncAsync(_old.Capture.Head!.Sequence, default))
            .Should().ThrowAsync<ReplicaException>().WithMessage("*replica 'primary'*");
    }

    [Fact]
    public async Task The_loop_of_the_other_rests()
    {
        var first = _old.Worker();
        using var stop = new CancellationTokenSource();
        var loop = first.RunAsync(stop.Token);
        await _old.PumpAsync(first.SyncAsync(_old.Capture.Head!.Sequence, default));
        await BeginAsync(_new);
        _old.Insert();
        await _old.PumpAsync(first.SyncAsync(_old.Capture.Head!.Sequence, default));

        _old.Time.Advance(InspectionSchedule.Watch);
        await ReplicationScene.UntilAsync(() => first.GetStatus().State == ReplicationState.Faulted, "the upload has woken the upkeep");
        _old.Replica.ForgetCalls();
        for (var i = 0; i < 5; i++)
        {
            _old.Insert();
            _old.Time.Advance(TimeSpan.FromHours(1));
            await FluentActions.Awaiting(() => first.SyncAsync(_old.Capture.Head!.Sequence, default)).Should().ThrowAsync<ReplicaException>();
        }

        _old.Replica.Calls.Should().BeEmpty();
        first.GetStatus().State.Should().Be(ReplicationState.Faulted);
        await stop.CancelAsync();
        await loop;
        first.GetStatus().State.Should().Be(ReplicationState.Stopped);
    }

    [Fact]
    public async Task The_other_is_the_newcomer_once_it_is_started_again()
    {
        var (first, second) = await BothAsync();
        first.Dispose();
        _old.Time.Advance(TimeSpan.FromMinutes(10));
        var again = _old.Worker();
        _old.Insert();

        (await again.RunOnceAsync(default)).Should().BeFalse();
        _old.Capture.Requests.Should().ContainSingle().Which.Reason.Should().Be(GenerationReason.ReplicaConflict);
        _old.Capture.NewGeneration();
        await UploadAsync(_old, again);
        await WatchAsync(_new, second);
        await WatchAsync(_old, again);

        second.GetStatus().State.Should().Be(ReplicationState.Faulted);
        again.GetStatus().LastError.Should().BeNull();
        _old.Capture.Requests.Should().HaveCount(1);
        _old.ShouldRestore();
    }

    [Fact]
    public async Task A_claim_that_was_lost_meanwhile_does_not_hide_that()
    {
        var (first, _) = await BothAsync();
        first.Dispose();
        for (var index = 0; index < 3; index++)
        {
            _old.Capture.Checkpoint();
            _old.Insert();
            _old.Capture.Remove(_old.Generation, index);
        }

        var again = _old.Worker();
        await again.RunOnceAsync(default);
        await again.RunUpkeepOnceAsync(default);

        _old.Capture.Requests.Should().ContainSingle().Which.Reason.Should().Be(GenerationReason.ReplicaConflict);
    }

    [Fact]
    public async Task Restarts_and_a_new_machine_in_the_place_of_one_that_is_gone_are_nobodys_fault()
    {
        var worker = await BeginAsync(_old);
        for (var i = 0; i < 3; i++)
        {
            worker.Dispose();
            _old.Time.Advance(TimeSpan.FromHours(2));
            worker = _old.Worker();
            await WatchAsync(_old, worker);
            worker.GetStatus().Warning.Should().BeNull();
        }

        worker.Dispose();
        var there = await BeginAsync(_new);
        for (var i = 0; i < 3; i++)
        {
            await WatchAsync(_new, there);
            await DayAsync(_new, there);
            there.GetStatus().LastError.Should().BeNull();
            there.GetStatus().Warning.Should().BeNull();
            there.GetStatus().LastCheckedAt.Should().NotBeNull();
            there.Dispose();
            there = _new.Worker();
        }

        _old.Capture.Requests.Should().BeEmpty();
        _new.Capture.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task The_one_that_goes_on_deletes_nothing_until_the_other_has_been_gone_for_a_day()
    {
        await BeginAsync(_old);
        var second = await BeginAsync(_new);
        _old.Time.Advance(TimeSpan.FromHours(23));
        _old.Replica[_old.SegmentKey(7, 0)] = [1]; // a program that does not know this rule

        await DayAsync(_new, second, TimeSpan.FromHours(1));
        second.GetStatus().Warning.Should().Contain(_old.Generation).And.Contain("Nothing is deleted there");

        await DayAsync(_new, second);
        second.GetStatus().Warning.Should().BeNull();
        _new.Capture.Requests.Should().BeEmpty("no generation of ours is an answer to that");
    }

    [Fact]
    public async Task Of_two_that_began_at_the_same_time_exactly_one_loses()
    {
        var (first, second) = (_old.Worker(), _new.Worker());
        var both = false;
        _old.Replica.Before = async (call, _) =>
        {
            if (!both && call.StartsWith("PUT", StringComparison.Ordinal))
            {
                both = true;
                await UploadAsync(_new, second);
            }
        };
        await UploadAsync(_old, first);

        for (var i = 0; i < 3; i++)
        {
            await WatchAsync(_new, second);
            if (first.GetStatus().State != ReplicationState.Faulted)
            {
                await WatchAsync(_old, first);
            }
        }

        both.Should().BeTrue();
        first.GetStatus().State.Should().Be(ReplicationState.Faulted, "its name is the lesser one");
        second.GetStatus().LastError.Should().BeNull();
    }

    [Fact]
    public async Task None_of_its_own_generations_ever_takes_over_from_it()
    {
        var worker = await BeginAsync(_old);
        for (var i = 0; i < 4; i++)
        {
            var left = _old.Generation;
            await WatchAsync(_old, worker);
            _old.Capture.NewGeneration();
            await worker.RunUpkeepOnceAsync(default); // in the moment of the change
            await WatchAsync(_old, worker);
            _old.Capture.ForgetGeneration(left);

            // A store whose clock has been set back.
            _old.Replica.SetCreatedAt(ReplicaLayout.SnapshotKey(left, 0), _old.Time.GetUtcNow().AddDays(30));
            await DayAsync(_old, worker);
            worker.GetStatus().LastError.Should().BeNull();
        }

        _old.Capture.Requests.Should().BeEmpty();
        worker.Dispose();
        var again = _old.Worker();
        _old.Insert();
        await again.RunOnceAsync(default);
        _old.Capture.Requests.Should().HaveCount(1, "whose they are is not known any more");
        _old.Capture.NewGeneration();
        await WatchAsync(_old, again);
        await DayAsync(_old, again);
        again.GetStatus().LastError.Should().BeNull("what was there before us takes nothing over, whatever its dates say");
        _old.Capture.Requests.Should().HaveCount(1);
    }

    [Fact]
    public async Task While_something_is_uploaded_the_names_are_listed_every_five_minutes_and_idle_nothing_is()
    {
        var worker = await BeginAsync(_old);
        _old.Replica.ForgetCalls();
        for (var minute = 0; minute < 60; minute++)
        {
            _old.Time.Advance(TimeSpan.FromMinutes(1));
            await UploadAsync(_old, worker);
            await worker.RunUpkeepOnceAsync(default);
        }

        _old.Replica.Calls.Where(call => !call.StartsWith("PUT", StringComparison.Ordinal))
            .Should().HaveCount(12).And.OnlyContain(call => call == "NAMES generations/");
        _old.Replica.ForgetCalls();
        for (var minute = 0; minute < 60 * 20; minute++)
        {
            _old.Time.Advance(TimeSpan.FromMinutes(1));
            await worker.RunUpkeepOnceAsync(default);
        }

        _old.Replica.Calls.Should().BeEmpty();
    }

    public void Dispose()
    {
        _new.Dispose();
        _old.Dispose();
    }

    /// <summary>Both, and the first has noticed the second.</summary>
    private async Task<(ReplicaWorker First, ReplicaWorker Second)> BothAsync()
    {
        var first = await BeginAsync(_old);
        var second = await BeginAsync(_new);
        await WatchAsync(_old, first);
        first.GetStatus().State.Should().Be(ReplicationState.Faulted);
        return (first, second);
    }

    private static async Task<ReplicaWorker> BeginAsync(ReplicationScene scene)
    {
        var worker = scene.Worker();
        scene.Time.Advance(TimeSpan.FromMinutes(6));
        await UploadAsync(scene, worker);
        return worker;
    }

    private static async Task UploadAsync(ReplicationScene scene, ReplicaWorker worker)
    {
        scene.Insert();
        (await worker.RunOnceAsync(default)).Should().BeTrue();
    }

    private static async Task WatchAsync(ReplicationScene scene, ReplicaWorker worker)
    {
        await UploadAsync(scene, worker);
        scene.Time.Advance(TimeSpan.FromMinutes(5));
        await worker.RunUpkeepOnceAsync(default);
    }

    private static async Task DayAsync(ReplicationScene scene, ReplicaWorker worker, TimeSpan? time = null)
    {
        scene.Time.Advance(time ?? TimeSpan.FromHours(24));
        await worker.RunUpkeepOnceAsync(default);
    }

    private static List<string> PublishedBy(ReplicationScene scene) =>
        [.. scene.Replica.Keys.Where(key => key.StartsWith(ReplicaLayout.GenerationPrefix(scene.Generation), StringComparison.Ordinal))];
}
