namespace Litestream.Simulation;

/// <summary>The seeds of CI. More of them, for as long as one likes: the command.</summary>
public sealed class SimulationTests
{
    private const int SeedsPerBlock = 15;

    public static TheoryData<int> Blocks() => [.. Enumerable.Range(0, 10)];

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Whatever_happens_what_was_acknowledged_restores(int block)
    {
        var tally = new Tally();

        var failures = Enumerable.Range(block * SeedsPerBlock + 1, SeedsPerBlock)
            .Select(SimulationRun.Play)
            .Where(report =>
            {
                tally.Add(report.Tally);
                return report.Failure is not null;
            })
            .Select(report => report.ToString())
            .ToList();

        failures.Should().BeEmpty();
        tally.Compares.Should().BeGreaterThan(SeedsPerBlock, "a simulation in which nothing is restored shows nothing");
        tally.Deaths.Should().BePositive();
        tally.Faults.Should().BePositive();
    }

    [Theory]
    [InlineData(3)]
    [InlineData(25)]
    [InlineData(33)]
    public void A_seed_does_the_same_again(int seed)
    {
        var first = SimulationRun.Play(seed);

        SimulationRun.Play(seed).Trace.Should().Equal(first.Trace);

        first.Trace.Count.Should().BeGreaterThan(50);
    }
}
