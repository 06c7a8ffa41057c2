using System.Collections.Concurrent;

namespace Litestream.Replication;

/// <summary>The loop around the passes: cadence, waiters, failures.</summary>
public sealed class ReplicaLoopTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ReplicationScene _scene = new();
    private readonly CancellationTokenSource _stop = new();
    private ReplicaWorker _worker = null!;
    private Task _loop = Task.CompletedTask;

    private long Head => _scene.Capture.Head!.Sequence;

    public async Task InitializeAsync()
    {
        _worker = _scene.Worker();
        await _worker.RunOnceAsync(default);
        _scene.Replica.ForgetCalls();
        _loop = _worker.RunAsync(_stop.Token);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.WaitAsync(Patience);
    }

    public void Dispose()
    {
        _scene.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Uploads_at_most_once_per_interval_while_nobody_waits()
    {
        _scene.Time.Advance(_scene.Options.SyncInterval);
        _scene.Insert();
        await UntilCoveredAsync();

        for (var upload = 2; upload <= 4; upload++)
        {
            for (var i = 0; i < 5; i++)
            {
                _scene.Insert();
                _scene.Time.Advance(TimeSpan.FromMilliseconds(100));
            }

            _scene.Replica.CallsOf("PUT").Should().HaveCount(upload - 1);
            _scene.Time.Advance(_scene.Options.SyncInterval);
            await UntilCoveredAsync();
            _scene.Replica.CallsOf("PUT").Should().HaveCount(upload);
        }
    }

    [Fact]
    public async Task Starting_the_loop_does_not_wait_for_its_first_pass()
    {
        using var returned = new ManualResetEventSlim();
        var waited = new TaskCompletionSource<bool>();
        _scene.Replica.Before = (_, _) =>
        {
            waited.TrySetResult(returned.Wait(TimeSpan.FromSeconds(10), CancellationToken.None));
            return Task.CompletedTask;
        };
        using var stop = new CancellationTokenSource();

        var loop = _scene.Worker().RunAsync(stop.Token);
        returned.Set();

        (await waited.Task.WaitAsync(Patience)).Should().BeTrue();
        await stop.CancelAsync();
        await loop.WaitAsync(Patience);
    }

    [Fact]
    public async Task Asks_for_nothing_while_idle()
    {
        for (var i = 0; i < 24; i++)
        {
            _scene.Time.Advance(TimeSpan.FromHours(1));
            await Task.Yield();
        }

        _scene.Replica.CallsOf("PUT").Should().BeEmpty();
        _scene.Replica.CallsOf("LIST generations/").Should().HaveCountLessThanOrEqualTo(2, "a listing a day, and what its first segment says");
        _worker.GetStatus().Lag.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_waiter_does_not_wait_for_the_interval()
    {
        _scene.Time.Advance(_scene.Options.SyncInterval);
        _scene.Insert();
        await UntilCoveredAsync();
        _scene.Insert();

        await _worker.WaitForAsync(Head, default).WaitAsync(Patience);

        _worker.Position.Should().Be(_scene.Capture.Head!.Position);
        _scene.Replica.CallsOf("PUT").Should().HaveCount(2);
    }

    [Fact]
    public async Task Waiting_for_what_is_there_returns_at_once()
    {
        _worker.WaitForAsync(Head, default).IsCompletedSuccessfully.Should().BeTrue();
        (await _worker.SyncAsync(Head, default)).Position.Should().Be(_scene.Capture.Head!.Position);

        _scene.Replica.Calls.Should().BeEmpty();
    }

    [Fact]
    public async Task A_hundred_waiters_share_two_uploads_one_at_a_time()
    {
        var release = new TaskCompletionSource();
        var uploading = new TaskCompletionSource();
        _scene.Replica.Before = async (call, _) =>
        {
            uploading.TrySetResult();
            await release.Task;
        };
        _scene.Insert();
        var first = _worker.WaitForAsync(Head, default);
        await uploading.Task.WaitAsync(Patience);
        var waiters = new List<Task>();
        for (var i = 0; i < 99; i++)
        {
            _scene.Insert();
            waiters.Add(_worker.WaitForAsync(Head, default));
        }

        waiters.Should().NotContain(waiter => waiter.IsCompleted);
        release.SetResult();
        await Task.WhenAll([first, .. waiters]).WaitAsync(Patience);

        _scene.Replica.CallsOf("PUT").Should().HaveCount(2);
        _scene.Replica.MostWritesAtOnce.Should().Be(1);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_cancelled_waiter_leaves_the_others_alone()
    {
        var release = new TaskCompletionSource();
        _scene.Replica.Before = (_, _) => release.Task;
        using var cancel = new CancellationTokenSource();
        _scene.Insert();
        var stays = _worker.WaitForAsync(Head, default);
        var leaves = _worker.WaitForAsync(Head, cancel.Token);

        await cancel.CancelAsync();

        await FluentActions.Awaiting(() => leaves).Should().ThrowAsync<OperationCanceledException>();
        release.SetResult();
        await stays.WaitAsync(Patience);
    }

    [Fact]
    public async Task Failures_that_may_pass_are_retried_with_a_growing_delay()
    {
        const int Attempts = 1 + RetryPolicies.QuickRetries;
        var attempts = new ConcurrentQueue<DateTimeOffset>();
        _scene.Replica.Before = (_, _) =>
        {
            attempts.Enqueue(_scene.Time.GetUtcNow());
            throw new ReplicaException("The store is away.", innerException: null, isTransient: true);
        };
        _scene.Insert();
        var waiter = _worker.WaitForAsync(Head, default);

        await AdvanceUntilAsync(() => attempts.Count >= 9 * Attempts && _worker.GetStatus().State == ReplicationState.Retrying);

        var passes = attempts.Chunk(Attempts).Select(pass => pass[0]).Take(9).ToList();
        var delays = passes.Zip(passes.Skip(1), (a, b) => (b - a).TotalSeconds).ToList();
        delays[0].Should().BeLessThan(10);
        delays[^1].Should().BeInRange(40, 60, "it has grown to its longest");
        _worker.GetStatus().State.Should().Be(ReplicationState.Retrying);
        _worker.GetStatus().LastError.Should().Contain("primary").And.Contain("'app'").And.Contain("The store is away");
        waiter.IsCompleted.Should().BeFalse("a waiter waits through what may pass");
    }

    [Fact]
    public async Task The_first_success_comes_within_one_delay_and_releases_the_waiters()
    {
        Fail(transient: true);
        _scene.Insert();
        var waiter = _worker.WaitForAsync(Head, default);
        await AdvanceUntilAsync(() => _worker.GetStatus().State == ReplicationState.Retrying);

        _scene.Replica.Before = (_, _) => Task.CompletedTask;
        await AdvanceUntilAsync(() => waiter.IsCompleted);

        await waiter;
        _worker.GetStatus().State.Should().Be(ReplicationState.Replicating);
        _worker.GetStatus().LastError.Should().BeNull();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task Other_failures_fault_the_replica_fail_the_waiters_and_are_tried_each_minute()
    {
        Fail(transient: false);
        _scene.Insert();
        var waiter = _worker.WaitForAsync(Head, default);

        (await FluentActions.Awaiting(() => waiter.WaitAsync(Patience)).Should().ThrowAsync<ReplicaException>())
            .Which.Message.Should().Contain("primary").And.Contain("The store is away");

        _worker.GetStatus().State.Should().Be(ReplicationState.Faulted);
        await FluentActions.Awaiting(() => _worker.WaitForAsync(Head, default)).Should().ThrowAsync<ReplicaException>();
        _scene.Replica.CallsOf("PUT").Should().HaveCount(1, "what is not transient is not tried again at once");

        _scene.Replica.Before = (_, _) => Task.CompletedTask;
        _scene.Time.Advance(TimeSpan.FromSeconds(59));
        await Task.Yield();
        _worker.GetStatus().State.Should().Be(ReplicationState.Faulted);
        _scene.Time.Advance(TimeSpan.FromSeconds(1));
        await UntilCoveredAsync();
        _worker.GetStatus().State.Should().Be(ReplicationState.Replicating);
        await _worker.WaitForAsync(Head, default).WaitAsync(Patience);
    }

    [Fact]
    public async Task A_sync_fails_with_the_pass_that_fails_and_does_not_wait_for_the_delay()
    {
        // Should the clock run on into the next pass before the failure has come here, that pass is held until it has.
        var (attempts, asked) = (0, new TaskCompletionSource());
        _scene.Replica.Before = (_, _) => ++attempts <= 1 + RetryPolicies.QuickRetries
            ? throw new ReplicaException("The store is away.", innerException: null, isTransient: true)
            : asked.Task;
        _scene.Insert();
        var first = _worker.SyncAsync(Head, default);
        (await FluentActions.Awaiting(() => _scene.PumpAsync(first)).Should().ThrowAsync<ReplicaException>())
            .Which.IsTransient.Should().BeTrue();

        var sync = _worker.SyncAsync(Head, default);
        asked.SetResult();
        var second = await sync.WaitAsync(Patience);

        second.Position.Should().Be(_scene.Capture.Head!.Position);
        second.CoveredSequence.Should().Be(Head);
    }

    [Fact]
    public async Task A_sync_that_comes_during_a_pass_is_answered_by_the_next_one()
    {
        var release = new TaskCompletionSource();
        var uploading = new TaskCompletionSource();
        _scene.Replica.Before = async (_, _) =>
        {
            uploading.TrySetResult();
            await release.Task;
            throw new ReplicaException("The store is away.");
        };
        _scene.Insert();
        var before = _worker.SyncAsync(Head, default);
        await uploading.Task.WaitAsync(Patience);
        var during = _worker.SyncAsync(Head, default);

        _scene.Replica.Before = (_, _) => Task.CompletedTask;
        release.SetResult();

        await FluentActions.Awaiting(() => before.WaitAsync(Patience)).Should().ThrowAsync<ReplicaException>();
        (await during.WaitAsync(Patience)).CoveredSequence.Should().Be(Head);
    }

    [Fact]
    public async Task A_call_that_is_never_answered_is_given_up()
    {
        _scene.Replica.Before = (_, token) => Task.Delay(Timeout.Infinite, token);
        _scene.Insert();
        var sync = _worker.SyncAsync(Head, default);

        await ReplicationScene.UntilAsync(
            () =>
            {
                _scene.Time.Advance(TimeSpan.FromSeconds(5));
                return sync.IsCompleted;
            },
            "it is given up in the end");

        (await FluentActions.Awaiting(() => sync).Should().ThrowAsync<ReplicaException>()).Which.IsTransient.Should().BeTrue();
    }

    [Fact]
    public async Task The_lag_is_the_age_of_the_oldest_commit_that_is_lacking()
    {
        Fail(transient: true);
        _scene.Insert();
        _worker.GetStatus().Lag.Should().Be(TimeSpan.Zero);
        _scene.Time.Advance(TimeSpan.FromSeconds(10));
        _scene.Insert();
        _scene.Time.Advance(TimeSpan.FromSeconds(5));

        _worker.GetStatus().Lag.Should().Be(TimeSpan.FromSeconds(15));

        _scene.Replica.Before = (_, _) => Task.CompletedTask;
        await AdvanceUntilAsync(() => _worker.CoveredSequence == Head);
        _worker.GetStatus().Lag.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public async Task After_the_loop_has_ended_a_last_pass_can_be_made_and_then_nobody_waits_any_more()
    {
        await DisposeAsync();
        _worker.GetStatus().State.Should().Be(ReplicationState.Stopped);
        _scene.Insert();

        var last = await _worker.SyncAsync(Head, default);

        last.CoveredSequence.Should().Be(Head);
        _scene.Insert();
        var stranded = _worker.WaitForAsync(Head, default);
        _worker.Dispose();
        await FluentActions.Awaiting(() => stranded).Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task Stopping_in_the_middle_of_an_upload_ends_the_loop()
    {
        var uploading = new TaskCompletionSource();
        _scene.Replica.Before = async (_, token) =>
        {
            uploading.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
        };
        _scene.Insert();
        var waiter = _worker.WaitForAsync(Head, default);
        await uploading.Task.WaitAsync(Patience);

        await DisposeAsync();

        _scene.Replica.Before = (_, _) => Task.CompletedTask;
        (await _worker.SyncAsync(Head, default)).CoveredSequence.Should().Be(Head);
        await waiter.WaitAsync(Patience);
        _scene.ShouldRestore();
    }

    private void Fail(bool transient) =>
        _scene.Replica.Before = (_, _) => throw new ReplicaException("The store is away.", innerException: null, transient);

    private Task UntilCoveredAsync() =>
        ReplicationScene.UntilAsync(() => _worker.CoveredSequence == Head, "everything is uploaded in the end");

    private Task AdvanceUntilAsync(Func<bool> condition) => _scene.Time.RunUntilAsync(condition);
}
