namespace Litestream.Storage;

/// <summary>What the key of a WAL segment says. An object of the layout before v0.3.5 without an offset starts at 0.</summary>
internal readonly record struct SegmentName(string Generation, int Index, long Offset, bool Compressed)
{
    /// <summary>Where the segment starts.</summary>
    public ReplicationPosition Start => new(Generation, Index, Offset);
}
