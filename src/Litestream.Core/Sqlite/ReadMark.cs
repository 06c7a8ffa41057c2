namespace Litestream.Sqlite;

/// <summary>What a read transaction of ours pins.</summary>
/// <param name="Header">The wal-index header of the transaction's snapshot.</param>
/// <param name="IsExact">Whether <paramref name="Header"/> is exactly the snapshot's, or only the newest it can see.</param>
/// <param name="MayBeOnLockZero">
/// False only if the transaction is known to hold a read lock of 1 or above, under which the WAL cannot restart. On read
/// lock 0, which SQLite gives when the whole WAL has been backfilled, the next writer may restart the WAL, once.
/// </param>
/// <param name="FileWritten">
/// When the database file had last been written to (<see cref="DatabaseConnection.FileWritten"/>). As long as the transaction
/// is on read lock 0 nobody may write to it.
/// </param>
internal readonly record struct ReadMark(WalIndexHeader Header, bool IsExact, bool MayBeOnLockZero, DateTime FileWritten);
