namespace Litestream.Hosting;

public sealed class KeySuggestionTests
{
    private static readonly string[] Known = ["Path", "MetaPath", "MonitorInterval", "CheckpointInterval", "Replicas"];

    [Theory]
    [InlineData("MonitorIntervall", "MonitorInterval")]
    [InlineData("monitor-interval", "MonitorInterval")]
    [InlineData("CHECKPOINT_INTERVAL", "CheckpointInterval")]
    [InlineData("Replica", "Replicas")]
    [InlineData("Pth", "Path")]
    public void Finds_the_key_that_was_meant(string unknown, string meant)
    {
        KeySuggestion.For(unknown, Known).Should().Be(meant);
    }

    [Theory]
    [InlineData("Colour")]
    [InlineData("x")]
    [InlineData("")]
    public void Suggests_nothing_far_off(string unknown)
    {
        KeySuggestion.For(unknown, Known).Should().BeNull();
    }
}
