using System.Runtime.ExceptionServices;
using Litestream.Diagnostics;

namespace Litestream.Simulation;

/// <summary>Plays one seed.</summary>
public static class SimulationRun
{
    /// <summary>Plays one seed while one of the known mistakes is made.</summary>
    internal static SimulationReport Play(int seed, Mutation mutation)
    {
        Mutations.Made = mutation;
        try
        {
            return Play(seed);
        }
        finally
        {
            Mutations.Made = Mutation.None;
        }
    }

    public static SimulationReport Play(int seed)
    {
        SimulationReport? report = null;
        Exception? failure = null;

        // A thread of its own, without the context of a test runner, on which continuations would run elsewhere.
        var thread = new Thread(() =>
        {
            try
            {
                using var world = new World(seed);
                world.Play();
                report = new SimulationReport(seed, Describe(world.Violation), world.Tally, world.Trace);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return report!;
    }

    private static string? Describe(Exception? violation) => violation switch
    {
        null => null,
        SimulationException failure => failure.Message,
        _ => violation.ToString(),
    };
}
