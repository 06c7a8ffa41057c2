using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>One index of a generation as the shadow keeps it at this moment.</summary>
/// <param name="Generation">The generation.</param>
/// <param name="Index">The index.</param>
/// <param name="Length">Captured bytes that may be read, header included; ends at the end of a frame. 0 while the WAL has not begun.</param>
/// <param name="IsComplete">True when nothing will be appended any more: a later index or generation has begun.</param>
/// <param name="Header">The header of the WAL; null while it has none.</param>
internal sealed record ShadowIndex(string Generation, int Index, long Length, bool IsComplete, WalHeader? Header);
