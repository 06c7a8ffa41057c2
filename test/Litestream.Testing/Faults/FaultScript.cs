namespace Litestream.Testing.Faults;

/// <summary>Which call fails, and how: the scripts of <see cref="FaultyReplicaClient"/>.</summary>
public static class FaultScript
{
    /// <summary>Every call succeeds.</summary>
    public static Func<ReplicaCall, Fault?> Nothing { get; } = _ => null;

    /// <summary>The n-th call fails, all others succeed.</summary>
    public static Func<ReplicaCall, Fault?> Once(int number, Fault fault) => call => call.Number == number ? fault : null;

    /// <summary>The n-th call and all after it fail.</summary>
    public static Func<ReplicaCall, Fault?> From(int number, Fault fault) => call => call.Number >= number ? fault : null;

    /// <summary>All calls of one operation fail: a permission that is lost.</summary>
    public static Func<ReplicaCall, Fault?> Without(ReplicaOperation operation) =>
        call => call.Operation == operation ? new Fault(FaultKind.Deny) : null;

    /// <summary>The connection goes down when the next write has had its effect, and stays down.</summary>
    public static Func<ReplicaCall, Fault?> LostInAWrite()
    {
        var lost = 0;
        return call => Volatile.Read(ref lost) == 1
            ? new Fault(FaultKind.FailBefore)
            : call.Operation == ReplicaOperation.Write && Interlocked.Exchange(ref lost, 1) == 0 ? new Fault(FaultKind.FailAfter) : null;
    }

    /// <summary>A part of the calls fails, which and how being drawn from <paramref name="random"/>.</summary>
    /// <param name="random">Drawn from in the order of the calls: the same calls get the same faults.</param>
    /// <param name="rate">Between 0, none, and 1, all.</param>
    /// <param name="kinds">What may go wrong.</param>
    public static Func<ReplicaCall, Fault?> Drawn(Random random, double rate, IReadOnlyList<FaultKind> kinds)
    {
        var alone = new Lock(); // guards random: it is for one thread at a time
        return _ =>
        {
            lock (alone)
            {
                return random.NextDouble() >= rate
                    ? null
                    : new Fault(kinds[random.Next(kinds.Count)])
                    {
                        Status = random.Next(2) == 0 ? 503 : 429,
                        Lateness = random.Next(1, 6),
                        GoodPart = random.NextDouble(),
                    };
            }
        };
    }
}
