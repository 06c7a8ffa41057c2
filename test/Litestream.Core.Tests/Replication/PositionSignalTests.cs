using Litestream.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Replication;

public sealed class PositionSignalTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly PositionSignal _signal = new();

    [Fact]
    public void A_signal_that_was_set_before_the_wait_ends_it()
    {
        _signal.Moved();
        _signal.Moved();

        Wait(urgentOnly: false).IsCompleted.Should().BeTrue();
        Wait(urgentOnly: false).IsCompleted.Should().BeFalse("both counted once");
    }

    [Fact]
    public async Task A_wait_for_urgent_matters_is_not_ended_by_others()
    {
        var wait = Wait(urgentOnly: true);

        _signal.Moved();
        wait.IsCompleted.Should().BeFalse();
        _signal.Urgent();

        await wait.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_wait_ends_with_its_time()
    {
        var wait = _signal.WaitAsync(TimeSpan.FromSeconds(1), urgentOnly: true, _time, default);

        _time.Advance(TimeSpan.FromSeconds(1));

        await wait.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_wait_of_part_of_a_millisecond_is_no_spinning()
    {
        var wait = _signal.WaitAsync(TimeSpan.FromTicks(1), urgentOnly: true, _time, default);

        wait.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await wait.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_cancelled_wait_throws()
    {
        using var cancel = new CancellationTokenSource();
        var wait = _signal.WaitAsync(Timeout.InfiniteTimeSpan, urgentOnly: true, _time, cancel.Token);

        await cancel.CancelAsync();

        await FluentActions.Awaiting(() => wait).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public void Setting_it_allocates_nothing()
    {
        Allocations.Least(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                _signal.Moved();
            }
        }).Should().Be(0);
    }

    private Task Wait(bool urgentOnly) => _signal.WaitAsync(Timeout.InfiniteTimeSpan, urgentOnly, _time, default);
}
