using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>What an attempt at a snapshot came to.</summary>
internal abstract record SnapshotStep
{
    private SnapshotStep()
    {
    }

    /// <summary>
    /// The snapshot is on the replica; the cursor stands at the beginning of its index. The sequence is what had been
    /// captured before the image was taken; null for a snapshot that was there already, whose moment is not known.
    /// </summary>
    public sealed record Published(ReplicaCursor Cursor, KnownSnapshot Snapshot, long? CoveredSequence) : SnapshotStep;

    /// <summary>The database has gone on to another generation, or the moment does not fit: look again.</summary>
    public sealed record GaveUp : SnapshotStep;

    /// <summary>The generation cannot go on.</summary>
    public sealed record Refused(GenerationReason Reason, string Detail) : SnapshotStep;
}
