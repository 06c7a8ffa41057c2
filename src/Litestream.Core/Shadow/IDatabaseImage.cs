using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>
/// The database exactly as it was at one position, held still by a read transaction until disposed. Reads come page by
/// page in any order; used by one thread at a time.
/// </summary>
internal interface IDatabaseImage : IDisposable
{
    /// <summary>The position that the image is exactly at; offset 0 if the index had no commit yet.</summary>
    ReplicationPosition Position { get; }

    WalSalts Salts { get; }

    /// <summary>The chain's checksum at <see cref="Position"/>; default if its offset is 0.</summary>
    ChainChecksum Checksum { get; }

    int PageSize { get; }

    /// <summary>Size of the image in pages.</summary>
    uint PageCount { get; }

    DateTimeOffset TakenAt { get; }

    /// <summary>Reads consecutive pages, from <paramref name="firstPage"/> (1-based) on, as many as fit in the buffer and exist.</summary>
    /// <returns>Bytes read; 0 past the last page.</returns>
    /// <exception cref="LitestreamException">A page is neither in the WAL nor in the file, or could not be read.</exception>
    int ReadPages(uint firstPage, Span<byte> buffer);
}
