using System.Collections.Concurrent;

namespace Litestream.Soak;

/// <summary>What was done and what went wrong. Thread-safe; takes no more memory however long the run is.</summary>
internal sealed class SoakTally
{
    private const int FailuresKept = 50;

    private readonly ConcurrentDictionary<Phase, Latencies> _commits = new();
    private readonly ConcurrentDictionary<Phase, Latencies> _waits = new();
    private readonly ConcurrentDictionary<string, int> _strangers = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private long _refused;
    private long _comparisons;

    public IReadOnlyCollection<string> Failures => _failures;

    public IReadOnlyDictionary<string, int> Strangers => _strangers;

    /// <summary>Commits of the application that gave up waiting for a lock.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Replicas that were restored, and found equal to the database.</summary>
    public long Comparisons => Interlocked.Read(ref _comparisons);

    public Latencies Commits(Phase phase) => _commits.GetOrAdd(phase, _ => new Latencies());

    public Latencies Waits(Phase phase) => _waits.GetOrAdd(phase, _ => new Latencies());

    public void Committed(Phase phase, TimeSpan duration) => Commits(phase).Add(duration);

    public void Waited(Phase phase, TimeSpan duration) => Waits(phase).Add(duration);

    public void Stranger(string action) => _strangers.AddOrUpdate(action, 1, (_, count) => count + 1);

    public void RefusedToApplication() => Interlocked.Increment(ref _refused);

    public void Compared() => Interlocked.Increment(ref _comparisons);

    public void Fail(string what)
    {
        if (_failures.Count < FailuresKept)
        {
            _failures.Enqueue(what);
        }

        Console.WriteLine($"FAILED: {what}");
    }
}
