using Litestream.Sqlite;

namespace Litestream.Shadow;

/// <summary>What one pass did.</summary>
/// <param name="Moved">Whether something was captured.</param>
/// <param name="Checkpoint">The outcome of the checkpoint; null if none was due.</param>
internal readonly record struct WalPass(bool Moved, CheckpointOutcome? Checkpoint);
