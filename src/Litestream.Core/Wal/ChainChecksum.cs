namespace Litestream.Wal;

/// <summary>The running checksum of a WAL, after its header or after one of its frames. Each frame's is seeded with the one before.</summary>
internal readonly record struct ChainChecksum(uint Sum1, uint Sum2);
