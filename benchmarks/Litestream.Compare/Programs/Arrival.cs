namespace Litestream.Compare.Programs;

/// <summary>A segment that has arrived on a replica.</summary>
/// <param name="Name">Which.</param>
/// <param name="Ticks">When, in ticks of the stopwatch.</param>
/// <param name="Key">Where it lies: a file, or the path in a bucket.</param>
internal sealed record Arrival(ObjectName Name, long Ticks, string Key);
