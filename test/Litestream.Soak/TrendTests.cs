namespace Litestream.Soak;

public sealed class TrendTests
{
    [Fact]
    public void A_leak_is_told_from_noise()
    {
        var random = new Random(1);
        var noise = Enumerable.Range(0, 10).Select(_ => 100 + (10 * random.NextDouble())).ToList();
        var leak = noise.Select((value, cycle) => value + (3 * cycle)).ToList();

        Trend.Of(noise).Exceeds(10).Should().BeFalse();
        Trend.Of(leak).Exceeds(10).Should().BeTrue();
        Trend.Of(leak).Growth.Should().BeApproximately(27, 10);
        Trend.Of([.. leak.AsEnumerable().Reverse()]).Exceeds(0).Should().BeFalse();
    }

    [Fact]
    public void A_single_odd_value_is_no_trend() => Trend.Of([10, 10, 10, 10, 10, 10, 10, 1000]).Exceeds(1).Should().BeFalse();

    [Fact]
    public void What_stays_the_same_has_no_trend() => Trend.Of([5, 5, 5, 5, 5, 5]).Should().Be(new Trend(0, 1));

    [Fact]
    public void A_window_forgets_what_was_before_it()
    {
        var sum = new WindowedSum(TimeSpan.FromSeconds(10));
        sum.Add(TimeSpan.FromSeconds(1), 100);
        sum.Add(TimeSpan.FromSeconds(5), 150);
        sum.Add(TimeSpan.FromSeconds(14), 160);

        sum.Within.Should().Be(60);
        sum.Most.Should().Be(150);
    }
}
