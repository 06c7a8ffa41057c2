using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>Names the segment before another: where it starts, where it ends, and the chain's checksum at its end.</summary>
internal sealed record SegmentLink(int Index, long Offset, long EndOffset, ChainChecksum LastChecksum);
