using Xunit.Abstractions;

namespace Litestream.Soak;

public sealed class SoakTests(ITestOutputHelper output)
{
    [SqliteFact]
    public async Task A_few_seconds_of_everything_stay_within_all_bounds()
    {
        var result = await SoakRun.RunAsync(new SoakOptions { Duration = TimeSpan.FromSeconds(6) });

        output.WriteLine(SoakReport.Of(result));
        result.Tally.Failures.Should().BeEmpty();
        result.Findings.Where(finding => !finding.Holds).Should().BeEmpty();
        result.Cycles.Should().HaveCount(1);
        result.Databases.Any(database => database.Replicas.Count > 1).Should().Be(RealServer.WhatIsMissing is null, "under CI there has to be an S3 server");
        result.Tally.Commits(Phase.Burst).Count.Should().BePositive();
        result.Tally.Strangers.Should().NotBeEmpty();
    }
}
