using System.Runtime.ExceptionServices;

namespace Litestream.Simulation;

/// <summary>Plays one seed.</summary>
public static class SimulationRun
{
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
