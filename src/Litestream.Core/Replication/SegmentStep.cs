using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>What one step of the upload of segments came to.</summary>
internal abstract record SegmentStep
{
    private SegmentStep()
    {
    }

    /// <summary>A segment is on the replica, or the next index has begun.</summary>
    public sealed record Moved(ReplicaCursor Cursor) : SegmentStep;

    /// <summary>Everything captured is on the replica.</summary>
    public sealed record UpToDate : SegmentStep;

    /// <summary>The shadow does not keep the index any more: the claim on it was lost.</summary>
    public sealed record NotKept : SegmentStep;

    /// <summary>The generation cannot go on.</summary>
    public sealed record Refused(GenerationReason Reason, string Detail) : SegmentStep;
}
