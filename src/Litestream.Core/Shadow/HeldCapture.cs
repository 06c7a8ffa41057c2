using Litestream.Sqlite;
using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>
/// A capture that has ended with its read mark still held. While it is, the WAL cannot lose a frame that is not copied, so
/// a later capture in the same process goes on without a proof.
/// </summary>
internal sealed record HeldCapture(ReadMarks Marks, ShadowWal Shadow, ShadowState State, WalChain? Chain);
