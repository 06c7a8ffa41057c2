using Litestream.Diagnostics;

namespace Litestream.Simulation;

/// <summary>How many seeds it takes to find a mistake that is made on purpose.</summary>
internal static class MutationSearch
{
    /// <summary>Enough for every one of them, several times over.</summary>
    public const int Budget = 300;

    public static IEnumerable<Mutation> All => Enum.GetValues<Mutation>().Except([Mutation.None]);

    /// <summary>Plays seed after seed until the general oracle finds something.</summary>
    /// <returns>The seed's report; null if the budget was not enough.</returns>
    public static SimulationReport? Find(Mutation mutation) => Enumerable.Range(1, Budget)
        .Select(seed => SimulationRun.Play(seed, mutation))
        .FirstOrDefault(report => report.Failure is not null);
}
