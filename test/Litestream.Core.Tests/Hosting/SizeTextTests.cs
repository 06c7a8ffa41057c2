namespace Litestream.Hosting;

public sealed class SizeTextTests
{
    [Theory]
    [InlineData("1048576", 1048576L)]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("1GiB", 1L << 30)]
    [InlineData("1.5 gib", 3L << 29)]
    [InlineData("4KiB", 4096L)]
    [InlineData("2TiB", 2L << 40)]
    [InlineData("10B", 10L)]
    public void Reads_bytes_and_binary_units(string text, long bytes)
    {
        SizeText.TryParse(text, out var size, out _).Should().BeTrue();

        size.Should().Be(bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("much")]
    [InlineData("-1")]
    [InlineData("1GB")]
    [InlineData("1G")]
    [InlineData("1 GiB of it")]
    [InlineData("1,5GiB")]
    [InlineData("99999999999TiB")]
    public void Refuses_what_is_no_size(string text)
    {
        SizeText.TryParse(text, out _, out var problem).Should().BeFalse();

        problem.Should().NotBeNullOrEmpty();
    }
}
