namespace Litestream;

/// <summary>
/// What a replica holds of one generation: an unbroken history of a database, from a snapshot on. Enough to draw a time line.
/// </summary>
/// <remarks>
/// Times are those that the objects tell of themselves, to the microsecond in which a commit was noticed; for objects that
/// Litestream wrote, the store's. What the names and the snapshots show is looked at, not the content: proof is for
/// a verification or a restore.
/// </remarks>
public sealed record BackupGeneration
{
    /// <summary>The generation: 16 hexadecimal digits. <see cref="RestoreOptions.Generation"/> alone restores its end.</summary>
    public required string Name { get; init; }

    /// <summary>The replica that holds it: its name, or its location when it has none.</summary>
    public required string Replica { get; init; }

    /// <summary>Its snapshots, oldest first. Empty if there is none: then nothing of it can be restored.</summary>
    public IReadOnlyList<BackupSnapshot> Snapshots { get; init; } = [];

    /// <summary>
    /// When it can be restored to, oldest first. More than one if the replica lagged so far that it had to rejoin with a
    /// fresh snapshot: no moment between two ranges can be restored.
    /// </summary>
    public IReadOnlyList<BackupRange> Ranges { get; init; } = [];

    /// <summary>The earliest moment that can be restored; null if none can.</summary>
    public DateTimeOffset? RestorableFrom => Ranges.Count > 0 ? Ranges[0].From : null;

    /// <summary>The last commit that can be restored; null if none can. Any later time gives the same, until another generation begins.</summary>
    public DateTimeOffset? RestorableUntil => Ranges.Count > 0 ? Ranges[^1].Until : null;

    /// <summary>How many WAL segments there are.</summary>
    public int SegmentCount { get; init; }

    /// <summary>Stored (compressed) size of the WAL segments in bytes.</summary>
    public long SegmentBytes { get; init; }

    /// <summary>Stored (compressed) size of the snapshots in bytes.</summary>
    public long SnapshotBytes => Snapshots.Sum(snapshot => snapshot.Size);
}
