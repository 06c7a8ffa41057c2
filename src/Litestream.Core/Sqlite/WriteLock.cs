using System.Diagnostics;
using SQLitePCL;

namespace Litestream.Sqlite;

/// <summary>
/// Takes the write lock from a writer that hardly ever lets go of it. SQLite's own waiting looks a dozen times a second; a
/// writer at full speed leaves gaps of some microseconds, which that seldom meets, and the WAL would grow without bound.
/// </summary>
internal static class WriteLock
{
    /// <summary>How long to look again and again: some commits' time even where a sync to disk takes ten milliseconds.</summary>
    private static readonly TimeSpan Spin = TimeSpan.FromMilliseconds(25);

    private const int NeverSleep = -1;

    /// <summary>Begins a transaction that holds the lock; nothing is written.</summary>
    /// <param name="connection">In no transaction.</param>
    /// <exception cref="SqliteFailure">Not within the connection's time-out (transient), or SQLite refused; no transaction is open then.</exception>
    public static void Take(DatabaseConnection connection)
    {
        var started = Stopwatch.GetTimestamp();
        var pause = new SpinWait();
        int rc;
        raw.sqlite3_busy_timeout(connection.Handle, 0);
        try
        {
            while ((rc = raw.sqlite3_exec(connection.Handle, "BEGIN IMMEDIATE")) is not raw.SQLITE_OK)
            {
                var elapsed = Stopwatch.GetElapsedTime(started);
                if ((rc & 0xFF) != raw.SQLITE_BUSY || elapsed >= connection.BusyTimeout)
                {
                    throw connection.Failure("taking the write lock", rc);
                }

                pause.SpinOnce(elapsed < Spin ? NeverSleep : 0);
            }
        }
        finally
        {
            raw.sqlite3_busy_timeout(connection.Handle, (int)connection.BusyTimeout.TotalMilliseconds);
        }
    }
}
