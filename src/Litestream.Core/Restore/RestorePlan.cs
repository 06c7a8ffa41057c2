using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>What a restore reads, in order: one snapshot, then segments that tile each index from its start.</summary>
internal sealed record RestorePlan
{
    public required string Generation { get; init; }

    public required CatalogSnapshot Snapshot { get; init; }

    /// <summary>What the snapshot says of itself; null if nothing.</summary>
    public SnapshotTrailer? SnapshotTrailer { get; init; }

    /// <summary>In order of index and offset; empty if the snapshot by itself is what was asked for.</summary>
    public IReadOnlyList<PlannedSegment> Segments { get; init; } = [];

    /// <summary>The end of the last commit to apply in the last index, which must be there exactly; null for all there are.</summary>
    public long? StopOffset { get; init; }

    /// <summary>True if <see cref="StopOffset"/> is what the caller asked for, not what a trailer says.</summary>
    public bool StopWasAsked { get; init; }

    /// <summary>The first segment of the index that follows on the replica, if the plan takes the last index to its end.</summary>
    public CatalogSegment? NextIndex { get; init; }

    /// <summary>True if <see cref="NextIndex"/> says of itself what came before it.</summary>
    public bool NextIndexTrailed { get; init; }

    /// <summary>What <see cref="NextIndex"/> says came before it; null for nothing, or for a hole.</summary>
    public SegmentLink? NextIndexPrevious { get; init; }

    /// <summary>Set when another position than the one reached is the same state and was asked for: the start of the following index.</summary>
    public ReplicationPosition? SamePosition { get; init; }

    /// <summary>Set if the time asked for lies after the last commit that the plan applies: the time of that commit, for the log.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>Set if <see cref="EndsAt"/> is and a newer generation begins only after the time asked for.</summary>
    public string? NextGeneration { get; init; }

    /// <summary>When <see cref="NextGeneration"/> begins.</summary>
    public DateTimeOffset NextBeginsAt { get; init; }

    /// <summary>Generations that were passed over because they have no snapshot and whose objects are newer.</summary>
    public IReadOnlyList<string> PassedOver { get; init; } = [];

    /// <summary>Every object of the plan.</summary>
    public IEnumerable<ReplicaObject> Objects => Segments.Select(segment => segment.Source.Object).Prepend(Snapshot.Object);
}
