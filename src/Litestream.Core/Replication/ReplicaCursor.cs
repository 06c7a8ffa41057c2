using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>Where a worker is in one generation on its replica: all it has to know to go on. Immutable.</summary>
/// <param name="Generation">The generation.</param>
/// <param name="Index">The index of the next segment.</param>
/// <param name="Offset">The offset of the next segment: everything before it, from the snapshot on, is on the replica.</param>
internal sealed record ReplicaCursor(string Generation, int Index, long Offset)
{
    /// <summary>True until the generation has a snapshot here, and again after the claim on the shadow was lost.</summary>
    public bool NeedsSnapshot { get; init; }

    /// <summary>
    /// The snapshot contains its index up to this offset: no segment may end before it. A restore that ended there would
    /// lay an older WAL over a newer image.
    /// </summary>
    public long MustReach { get; init; }

    /// <summary>Up to where the image of the index contains it; zero if there is none, or it is not known. No earlier commit in it may be restorable.</summary>
    public long ImageOffset { get; init; }

    /// <summary>How many segments of the generation were uploaded; null if that is not known.</summary>
    public long? Uploaded { get; init; }

    /// <summary>The segment before the next one; null if there is none, or none that it continues.</summary>
    public SegmentLink? Previous { get; init; }

    /// <summary>The end of what was uploaded.</summary>
    public ReplicationPosition Position => new(Generation, Index, Offset);

    /// <summary>
    /// Up to where the replica can be restored: the snapshot alone is good for what it contains. Before the first segment of an
    /// index is up nothing on the replica says that the index before has ended, so that one's end is the position.
    /// </summary>
    public ReplicationPosition Restorable => this switch
    {
        { NeedsSnapshot: true } => default,
        { Offset: 0, MustReach: 0, Previous: { } last } => new(Generation, last.Index, last.EndOffset),
        _ => new(Generation, Index, Math.Max(Offset, MustReach)),
    };

    /// <summary>
    /// What is needed of the shadow: what is not uploaded, and the segment uploaded last, to compare it with the
    /// replica's when that is in doubt. Before a snapshot, nothing: it will join the index that is in use then.
    /// </summary>
    public ShadowClaim Claim => NeedsSnapshot
        ? ShadowClaim.Nothing
        : ShadowClaim.From(Generation, Offset > 0 ? Index : Math.Max(0, Index - 1));

    /// <summary>After a segment.</summary>
    public ReplicaCursor After(SegmentLink segment) => this with
    {
        Offset = segment.EndOffset,
        MustReach = segment.EndOffset >= MustReach ? 0 : MustReach,
        Previous = segment,
        Uploaded = Uploaded + 1,
    };

    /// <summary>At the beginning of the next index.</summary>
    public ReplicaCursor NextIndex() => this with { Index = Index + 1, Offset = 0, MustReach = 0, ImageOffset = 0 };
}
