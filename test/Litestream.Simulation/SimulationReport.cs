namespace Litestream.Simulation;

/// <summary>What came of one seed.</summary>
/// <param name="Seed">The seed: it does the same again.</param>
/// <param name="Failure">What must not be, and was; null if nothing.</param>
/// <param name="Tally">What was done.</param>
/// <param name="Trace">What happened.</param>
public sealed record SimulationReport(int Seed, string? Failure, Tally Tally, IReadOnlyList<string> Trace)
{
    private const int TraceShown = 30;

    public override string ToString() => Failure is null
        ? $"seed {Seed}: {Tally}"
        : $"""
            seed {Seed}: {Failure}
            {string.Join('\n', Trace.TakeLast(TraceShown))}
            To repeat it: dotnet run --project test/Litestream.Simulation -- --seed {Seed}
            """;
}
