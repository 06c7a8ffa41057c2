namespace Litestream.AspNetCore.StatusPage;

/// <summary>An unbroken history on a replica.</summary>
internal sealed record PageGeneration(
    string Name, bool Current, IReadOnlyList<PageRange> Ranges, IReadOnlyList<PageSnapshot> Snapshots, int Segments, long SegmentBytes, long SnapshotBytes);
