using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>A segment ready to be applied. The content is valid until the next one is asked for.</summary>
/// <param name="Segment">Which one.</param>
/// <param name="Content">Its raw bytes; decompressed already, or while reading.</param>
/// <param name="Trailer">What it says of itself; null if nothing.</param>
/// <param name="IsProven">True if the bytes have been found to be those that the trailer's hash is of.</param>
internal sealed record DownloadedSegment(PlannedSegment Segment, Stream Content, SegmentTrailer? Trailer, bool IsProven);
