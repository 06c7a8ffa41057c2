using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>
/// What a WAL segment of ours says of itself, in a skippable LZ4 frame behind its data: enough to see a lost tail, a
/// missing middle and a mixed history, and to restore to a moment more exactly than the store's clock.
/// </summary>
internal sealed record SegmentTrailer
{
    /// <summary>Index of the WAL.</summary>
    public required int Index { get; init; }

    /// <summary>Offset of the first raw byte in that WAL.</summary>
    public required long Offset { get; init; }

    /// <summary>Length of the raw (uncompressed) bytes.</summary>
    public required long RawLength { get; init; }

    public required WalSalts Salts { get; init; }

    /// <summary>The chain's checksum just before this segment's first frame: the WAL header's for offset 0 or 32, else the previous frame's.</summary>
    public required ChainChecksum FirstChecksum { get; init; }

    /// <summary>The chain's checksum after this segment's last frame.</summary>
    public required ChainChecksum LastChecksum { get; init; }

    /// <summary>The segment uploaded before this one in this generation; null for the generation's first, or after a hole.</summary>
    public SegmentLink? Previous { get; init; }

    /// <summary>How many segments were uploaded before it in this generation; null if that is not known.</summary>
    public long? Ordinal { get; init; }

    /// <summary>Who wrote it: random for each start of a replicator.</summary>
    public required Guid WriterId { get; init; }

    /// <summary>SHA-256 of the raw bytes.</summary>
    public required ReadOnlyMemory<byte> RawHash { get; init; }

    /// <summary>When the commits in this segment were noticed, ascending in offset.</summary>
    public IReadOnlyList<CommitTime> Commits { get; init; } = [];

    /// <summary>Offset of the end of the raw bytes.</summary>
    public long EndOffset => Offset + RawLength;
}
