using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Replication;

public sealed class SteadyTimeTests
{
    private readonly FakeTimeProvider _machine = new();
    private readonly SettableTime _time;

    public SteadyTimeTests() => _time = new SettableTime(_machine);

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void How_long_something_lasts_does_not_change_when_the_clock_is_set(int days)
    {
        var steady = SteadyTime.Of(_time);
        var before = steady.GetUtcNow();
        before.Should().Be(_time.GetUtcNow());

        _time.Ahead = TimeSpan.FromDays(days);
        _machine.Advance(TimeSpan.FromMinutes(10));

        (steady.GetUtcNow() - before).Should().Be(TimeSpan.FromMinutes(10));
        steady.FromTimeOfDay(_time.GetUtcNow() - TimeSpan.FromMinutes(10)).Should().Be(before);
        steady.ToTimeOfDay(before).Should().Be(_time.GetUtcNow() - TimeSpan.FromMinutes(10));
        SteadyTime.Of(_time).Should().BeSameAs(steady);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_database_that_cannot_be_captured_has_been_so_for_as_long_whatever_the_clock_says(int days)
    {
        var health = new CaptureHealth("app.db", _time, NullLogger.Instance);
        health.Failed(new IOException("No space left on device."));

        _time.Ahead = TimeSpan.FromDays(days);
        _machine.Advance(TimeSpan.FromMinutes(10));

        (_time.GetUtcNow() - health.Status.StateSince).Should().Be(TimeSpan.FromMinutes(10));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_loop_that_hangs_is_late_by_what_it_is_late(int days)
    {
        var clock = new LoopClock(SteadyTime.Of(_time));
        clock.BackIn(TimeSpan.FromMinutes(1));

        _time.Ahead = TimeSpan.FromDays(days);
        clock.Overdue.Should().Be(TimeSpan.Zero);
        _machine.Advance(TimeSpan.FromMinutes(5));

        clock.Overdue.Should().Be(TimeSpan.FromMinutes(4));
    }
}
