namespace Litestream.Soak;

/// <summary>All that a run found.</summary>
internal sealed record SoakResult
{
    public required SoakOptions Options { get; init; }

    public required SoakPace Pace { get; init; }

    public required IReadOnlyList<SoakDatabase> Databases { get; init; }

    public required SoakTally Tally { get; init; }

    public required IReadOnlyList<CycleSummary> Cycles { get; init; }

    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>The processor time of each phase, as a part of its length.</summary>
    public required IReadOnlyDictionary<Phase, double> Processor { get; init; }

    public required IReadOnlyList<string> Did { get; init; }

    public required IReadOnlyList<string> Logged { get; init; }

    public required (double Least, double Most)? LoadAverage { get; init; }

    public required TimeSpan Took { get; init; }

    public bool Passed => Tally.Failures.Count == 0 && Findings.All(finding => finding.Holds);
}
