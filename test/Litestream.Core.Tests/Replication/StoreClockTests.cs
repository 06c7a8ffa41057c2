using Litestream.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Replication;

public sealed class StoreClockTests
{
    private static readonly TimeSpan Retention = TimeSpan.FromHours(24);

    private readonly FakeTimeProvider _machine = new(new DateTimeOffset(2026, 11, 28, 0, 0, 0, TimeSpan.Zero));
    private readonly SettableTime _time;
    private readonly StoreClock _clock;

    public StoreClockTests() => (_time, _clock) = (new SettableTime(_machine), new StoreClock(_machine));

    [Fact]
    public void A_clock_that_nobody_sets_tells_ages()
    {
        _clock.OlderThan(Retention).Should().BeNull("nothing is known of it");
        Pass(TimeSpan.FromHours(30));

        _clock.OlderThan(Retention).Should().Be(_time.GetUtcNow() - Retention);
    }

    [Theory]
    [InlineData(30, 0)]
    [InlineData(-30, 0)]
    [InlineData(30, 60)]
    [InlineData(-30, -60)]
    [InlineData(-30, 30)]
    public void However_it_is_set_nothing_looks_older_than_it_is_and_all_gets_old_at_last(int days, int daysThen)
    {
        var written = new List<(DateTimeOffset Dated, DateTimeOffset At)>();
        Write(hours: 10);
        _time.Ahead = TimeSpan.FromDays(days);
        Write(hours: 10);
        _time.Ahead = TimeSpan.FromDays(daysThen);
        Write(hours: 50);

        _clock.OlderThan(Retention).Should().Be(_time.GetUtcNow() - Retention, "what is younger has been dated since it was set");

        void Write(int hours)
        {
            for (var hour = 0; hour < hours; hour++)
            {
                _clock.Observe(_time.GetUtcNow());
                written.Add((_time.GetUtcNow(), _machine.GetUtcNow()));
                var cutOff = _clock.OlderThan(Retention);
                written.Where(one => one.Dated <= cutOff && _machine.GetUtcNow() - one.At < Retention).Should().BeEmpty();
                _machine.Advance(TimeSpan.FromHours(1));
            }
        }
    }

    private void Pass(TimeSpan time)
    {
        _clock.Observe(_time.GetUtcNow());
        _machine.Advance(time);
        _clock.Observe(_time.GetUtcNow());
    }
}
