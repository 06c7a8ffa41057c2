namespace Litestream.Replication;

public sealed class ShadowClaimTests
{
    private static readonly string[] Generations = ["old", "mine", "new"];

    [Theory]
    [InlineData("old", 9, false)]
    [InlineData("mine", 3, false)]
    [InlineData("mine", 4, true)]
    [InlineData("mine", 5, true)]
    [InlineData("new", 0, true)]
    public void Needs_its_index_and_everything_after_it(string generation, int index, bool needed) =>
        ShadowClaim.From("mine", 4).Needs(Generations, generation, index).Should().Be(needed);

    [Fact]
    public void Everything_is_everything_and_nothing_is_nothing()
    {
        ShadowClaim.Everything.Needs(Generations, "old", 0).Should().BeTrue();
        ShadowClaim.Nothing.Needs(Generations, "new", 0).Should().BeFalse();
    }
}
