using Litestream.S3.Requests;
using Litestream.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.S3;

public sealed class RequestGateTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Lets_a_seconds_worth_pass_at_once_and_then_keeps_the_rate()
    {
        using var gate = new RequestGate(1000, 10, _time);
        for (var i = 0; i < 10; i++)
        {
            await PassAsync(gate).WaitAsync(TimeSpan.FromSeconds(10));
        }

        var next = PassAsync(gate);

        next.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(101));
        await next.WaitAsync(TimeSpan.FromSeconds(10));
        PassAsync(gate).IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task Keeps_what_the_store_asks_for()
    {
        using var gate = new RequestGate(10, 100, _time);
        await gate.EnterAsync(CancellationToken.None);
        gate.Leave(answered: true, TimeSpan.FromSeconds(7));

        var next = PassAsync(gate);

        _time.Advance(TimeSpan.FromSeconds(6.9));
        next.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.2));
        await next.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Nobody_waits_for_a_clock_that_was_set_back()
    {
        var time = new SettableTime(_time);
        using var gate = new RequestGate(10, 100, time);
        var limit = new BandwidthLimit(1000, time);
        await gate.EnterAsync(CancellationToken.None);
        gate.Leave(answered: true, TimeSpan.FromSeconds(7));
        await limit.WaitAsync(100, CancellationToken.None);

        time.Ahead = TimeSpan.FromDays(-1);
        var (next, bytes) = (PassAsync(gate), limit.WaitAsync(1000, CancellationToken.None));

        next.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(7.1));
        await next.WaitAsync(TimeSpan.FromSeconds(10));
        await bytes.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Asks_again_after_a_minute_whatever_the_store_asked_for()
    {
        using var gate = new RequestGate(10, 100, _time);
        await gate.EnterAsync(CancellationToken.None);
        gate.Leave(answered: true, TimeSpan.FromDays(1));

        var next = PassAsync(gate);

        _time.Advance(TimeSpan.FromSeconds(61));
        await next.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_store_that_is_down_sees_a_request_or_two_per_second_and_the_first_success_ends_it()
    {
        using var gate = new RequestGate(16, 200, _time);
        var sent = 0;
        using var over = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 8).Select(async _ =>
        {
            while (!over.IsCancellationRequested)
            {
                await gate.EnterAsync(over.Token);
                Interlocked.Increment(ref sent);
                gate.Leave(answered: false, retryAfter: null);
                await Task.Yield();
            }
        }).ToList();
        for (var i = 0; i < 6000; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        await over.CancelAsync();
        await Task.WhenAll(callers.Select(caller => caller.ContinueWith(_ => { }, TaskScheduler.Default)));

        sent.Should().BeInRange(30, 60 * 2 + 20);
    }

    [Fact]
    public async Task Gives_the_place_back_when_a_caller_gives_up()
    {
        using var gate = new RequestGate(1, 1, _time);
        await PassAsync(gate);
        using var caller = new CancellationTokenSource();
        var waiting = gate.EnterAsync(caller.Token);
        await caller.CancelAsync();
        await waiting.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();

        _time.Advance(TimeSpan.FromSeconds(3));

        await PassAsync(gate).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Bandwidth_is_kept_over_all_who_use_it()
    {
        var limit = new BandwidthLimit(1000, _time);
        var done = 0;
        var waits = Enumerable.Range(0, 10).Select(async _ =>
        {
            await limit.WaitAsync(100, CancellationToken.None);
            Interlocked.Increment(ref done);
        }).ToList();

        _time.Advance(TimeSpan.FromMilliseconds(450));
        done.Should().BeInRange(4, 6);
        _time.Advance(TimeSpan.FromMilliseconds(600));
        await Task.WhenAll(waits).WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static async Task PassAsync(RequestGate gate)
    {
        await gate.EnterAsync(CancellationToken.None);
        gate.Leave(answered: true, retryAfter: null);
    }
}
