namespace Litestream.Storage;

/// <summary>Where a segment starts within its generation. Small, since a replica holds one for every upload.</summary>
internal readonly record struct SegmentPlace(int Index, uint Offset) : IComparable<SegmentPlace>
{
    public int CompareTo(SegmentPlace other) => (Index, Offset).CompareTo((other.Index, other.Offset));
}
