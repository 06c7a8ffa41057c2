using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>What a snapshot of ours says of itself, in a skippable LZ4 frame behind its data.</summary>
internal sealed record SnapshotTrailer
{
    /// <summary>The index it is named by.</summary>
    public required int Index { get; init; }

    /// <summary>Offset in the WAL of <see cref="Index"/> up to which the image contains commits (the m of FORMAT.md): 0 if that WAL had none.</summary>
    public required long CoveredOffset { get; init; }

    /// <summary>The WAL's salts and its chain's checksum at <see cref="CoveredOffset"/>; default if that is 0.</summary>
    public required WalSalts Salts { get; init; }

    /// <summary>See <see cref="Salts"/>.</summary>
    public required ChainChecksum CoveredChecksum { get; init; }

    public required int PageSize { get; init; }

    /// <summary>Size of the image in bytes.</summary>
    public required long DatabaseSize { get; init; }

    /// <summary>When the image was taken (UTC).</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>Who wrote it: random for each start of a replicator.</summary>
    public required Guid WriterId { get; init; }

    /// <summary>SHA-256 of the image.</summary>
    public required ReadOnlyMemory<byte> RawHash { get; init; }
}
