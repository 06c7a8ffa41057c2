namespace Litestream.Hosting;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("24h", 24 * 3600_000d)]
    [InlineData("1h30m", 5400_000d)]
    [InlineData("500ms", 500d)]
    [InlineData("1.5s", 1500d)]
    [InlineData(".5s", 500d)]
    [InlineData("250us", 0.25)]
    [InlineData("250µs", 0.25)]
    [InlineData("1000ns", 0.001)]
    [InlineData(" 10s ", 10_000d)]
    [InlineData("-1s", -1000d)]
    [InlineData("0", 0d)]
    [InlineData("0s", 0d)]
    public void Reads_the_spelling_of_Go(string text, double milliseconds)
    {
        DurationText.TryParse(text, out var duration, out _).Should().BeTrue();

        duration.Should().Be(TimeSpan.FromTicks((long)Math.Round(milliseconds * TimeSpan.TicksPerMillisecond)));
    }

    [Theory]
    [InlineData("00:00:30", 30)]
    [InlineData("23:59:59", 86399)]
    [InlineData("1.00:00:00", 86400)]
    [InlineData("24.00:00:00", 24 * 86400)]
    [InlineData("00:00:00", 0)]
    public void Reads_the_spelling_of_dotnet(string text, int seconds)
    {
        DurationText.TryParse(text, out var duration, out _).Should().BeTrue();

        duration.Should().Be(TimeSpan.FromSeconds(seconds));
    }

    [Theory]
    [InlineData("24:00:00")]
    [InlineData("48:00:00")]
    public void Refuses_hours_that_dotnet_reads_as_days(string text)
    {
        DurationText.TryParse(text, out _, out var problem).Should().BeFalse();

        var number = text[..2];
        problem.Should().Contain($"{number} days").And.Contain($"{number}h").And.Contain($"{number}.00:00:00");
    }

    [Theory]
    [InlineData("30")]
    [InlineData("1.5")]
    public void Asks_a_bare_number_for_its_unit(string text)
    {
        DurationText.TryParse(text, out _, out var problem).Should().BeFalse();

        problem.Should().Contain("no unit").And.Contain($"{text}s");
    }

    [Fact]
    public void Says_how_days_are_written()
    {
        DurationText.TryParse("7d", out _, out var problem).Should().BeFalse();

        problem.Should().Contain("168h").And.Contain("7.00:00:00");
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("1h 30m")]
    [InlineData("1..5s")]
    [InlineData("10 s")]
    [InlineData("10parsecs")]
    [InlineData("h")]
    [InlineData("-")]
    [InlineData("1h-5m")]
    [InlineData("00:30")]
    [InlineData("1:2:3:4")]
    [InlineData("00:61:00")]
    [InlineData(":")]
    [InlineData("1e3s")]
    [InlineData("99999999999999999999999999999999999999999h")]
    [InlineData("9999999999h")]
    public void Refuses_what_is_no_duration(string text)
    {
        DurationText.TryParse(text, out _, out var problem).Should().BeFalse();

        problem.Should().NotBeNullOrEmpty();
    }

    [Fact]
    public void Refuses_off_where_nothing_can_be_switched_off()
    {
        DurationText.TryParse("off", out _, out var problem).Should().BeFalse();

        problem.Should().Contain("switched off");
    }
}
