using Litestream.Testing.Faults;

namespace Litestream.Simulation;

/// <summary>
/// Every call to a store that an operation makes fails, one after the other: once, and from then on until the operation is
/// over. Whatever it did by then, what was acknowledged is restorable, nothing is taken for "there is no backup", the calls
/// are bounded, and when the faults stop all is well.
/// </summary>
public sealed class SweepTests
{
    /// <summary>A few attempts for each of the calls that an operation needs; and a bound above any operation's number of calls.</summary>
    private const int MostCalls = 150;

    private static readonly FaultKind[] Once =
        [FaultKind.FailBefore, FaultKind.FailAfter, FaultKind.Deny, FaultKind.Reset, FaultKind.Truncate, FaultKind.Late, FaultKind.Hide];

    private static readonly FaultKind[] FromThenOn = [FaultKind.FailBefore, FaultKind.FailAfter, FaultKind.Deny];

    public static TheoryData<string> Operations() => [.. Operation.All.Select(operation => operation.Name)];

    [Theory]
    [MemberData(nameof(Operations))]
    public void Whichever_call_fails_the_promises_hold(string name)
    {
        var operation = Operation.All.Single(operation => operation.Name == name);
        var failures = new List<string>();
        var runs = 0;

        foreach (var (kind, onwards) in Once.Select(kind => (kind, false)).Concat(FromThenOn.Select(kind => (kind, true))))
        {
            for (var number = 1; ; number++)
            {
                runs++;
                var fault = new Fault(kind);
                var (calls, failure) = Try(operation, onwards ? FaultScript.From(number, fault) : FaultScript.Once(number, fault), kind);
                if (failure is not null)
                {
                    failures.Add($"{kind} {(onwards ? "from" : "at")} call {number}: {failure}");
                }

                number.Should().BeLessThan(MostCalls, "an operation ends");
                if (number > calls)
                {
                    break;
                }
            }
        }

        failures.Should().BeEmpty();
        runs.Should().BeGreaterThan(Once.Length + FromThenOn.Length);
    }

    private static (int Calls, string? Failure) Try(Operation operation, Func<ReplicaCall, Fault?> script, FaultKind kind)
    {
        var calls = 0;
        string? failure = null;
        var thread = new Thread(() =>
        {
            using var world = new World(1, Swarm.Still with
            {
                // What the oracle may expect: several generations where there is a start, lies where a store lies.
                Stops = operation.Name is "start" or "new generation",
                Faults = Fault.Honest.Contains(kind) ? [] : [kind],
            });
            world.Check(() =>
            {
                var site = world.Found();
                operation.Prepare(world, site);
                var store = world.Replicas[0].Store;
                store.Forget();
                store.Script = script;
                operation.Run(world, site);
                calls = store.Calls.Count;
                if (calls > MostCalls)
                {
                    throw new SimulationException($"{calls} calls for one operation.");
                }

                world.Settle();
                new FinalChecks(world, new Random(1)).Run();
            });
            failure = world.Violation?.ToString();
        });
        thread.Start();
        thread.Join();
        return (calls, failure);
    }
}
