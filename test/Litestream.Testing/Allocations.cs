namespace Litestream.Testing;

/// <summary>What something allocates on this thread.</summary>
public static class Allocations
{
    private const int Rounds = 10;

    /// <summary>
    /// The least number of bytes that a round of it allocated, of several rounds after a first one that does not count. What it
    /// allocates by itself is in every round; what the runtime does once in its stead (it compiles a method anew, a collection
    /// trims a pool) is not.
    /// </summary>
    public static long Least(Action round)
    {
        round();
        var least = long.MaxValue;
        for (var i = 0; i < Rounds && least > 0; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            round();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
