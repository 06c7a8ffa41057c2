using Litestream.Cli.Output;

namespace Litestream.Cli;

/// <summary>Each expectation is what Go prints.</summary>
public sealed class GoTextTests
{
    [Theory]
    [InlineData("00:00:00", "0s")]
    [InlineData("1062.01:25:04.9", "25489h25m4s")]
    [InlineData("00:01:00", "1m0s")]
    [InlineData("01:00:05", "1h0m5s")]
    [InlineData("00:00:10.9", "10s")]
    [InlineData("00:00:09.99", "9.9s")]
    [InlineData("00:00:01.25", "1.2s")]
    [InlineData("00:00:00.2509", "250ms")]
    [InlineData("00:00:00.0000049", "4µs")]
    [InlineData("00:00:00.0000005", "500ns")]
    [InlineData("-00:00:11.5", "-11s")]
    [InlineData("-00:00:00.0125", "-12ms")]
    public void A_lag_is_cut_to_what_matters(string lag, string expected) =>
        GoText.Lag(TimeSpan.Parse(lag, System.Globalization.CultureInfo.InvariantCulture)).Should().Be(expected);

    [Fact]
    public void A_time_is_in_UTC_and_whole_seconds() =>
        GoText.Time(new DateTimeOffset(2024, 1, 1, 1, 0, 10, 999, TimeSpan.FromHours(1))).Should().Be("2024-01-01T00:00:10Z");

    [Fact]
    public void A_table_has_two_spaces_between_columns_and_does_not_fill_the_last() =>
        Screen.Plain(["path", "replicas"], [["/a", "file"], ["/longer", ""]]).Should().Be("path     replicas\n/a       file\n/longer  \n");
}
