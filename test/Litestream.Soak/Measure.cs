namespace Litestream.Soak;

/// <summary>What is measured again and again, and judged for its trend.</summary>
/// <param name="Name">In the report.</param>
/// <param name="Unit">How it is written.</param>
/// <param name="IsPeak">True if a cycle stands for its largest value, false for its median.</param>
/// <param name="AllowedPart">Growth over the whole run that is no trend, as a part of the median of the cycles.</param>
/// <param name="AllowedLeast">The same in the measure's own unit, for measures near zero.</param>
internal sealed record Measure(string Name, Unit Unit, bool IsPeak, double AllowedPart, double AllowedLeast)
{
    private const double MiB = 1 << 20;

    public static readonly Measure ResidentMemory = new("resident memory", Unit.Bytes, false, 0.10, 16 * MiB);
    public static readonly Measure LiveHeap = new("managed heap after a full collection", Unit.Bytes, false, 0.10, 2 * MiB);
    public static readonly Measure Handles = new("open files and sockets", Unit.Count, false, 0.05, 4);
    public static readonly Measure Threads = new("threads", Unit.Count, false, 0.05, 4);
    public static readonly Measure Wal = new("WAL files", Unit.Bytes, true, 0.25, 4 * MiB);
    public static readonly Measure Shadow = new("shadow WAL", Unit.Bytes, true, 0.25, 4 * MiB);
    public static readonly Measure Spool = new("spool and verification files", Unit.Bytes, true, 0.25, 4 * MiB);
    public static readonly Measure Objects = new("objects on replicas", Unit.Count, true, 0.25, 20);
    public static readonly Measure ReplicaBytes = new("bytes on replicas", Unit.Bytes, true, 0.25, 4 * MiB);
    public static readonly Measure Lag = new("longest lag", Unit.Seconds, true, 0.50, 5);
    public static readonly Measure Databases = new("database files", Unit.Bytes, true, 0.25, 4 * MiB);

    public static readonly IReadOnlyList<Measure> All =
        [ResidentMemory, LiveHeap, Handles, Threads, Databases, Wal, Shadow, Spool, Objects, ReplicaBytes, Lag];

    public double Allowed(double median) => Math.Max(AllowedLeast, AllowedPart * median);
}
