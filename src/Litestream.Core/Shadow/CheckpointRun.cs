using Litestream.Sqlite;

namespace Litestream.Shadow;

/// <summary>One checkpoint, for those who measure.</summary>
/// <param name="Duration">How long it took.</param>
/// <param name="LockHeld">How long it held the write lock; zero if it did not.</param>
/// <param name="Outcome">How it ended; null if it failed.</param>
/// <param name="Failure">Why it failed.</param>
internal sealed record CheckpointRun(TimeSpan Duration, TimeSpan LockHeld, CheckpointOutcome? Outcome, Exception? Failure);
