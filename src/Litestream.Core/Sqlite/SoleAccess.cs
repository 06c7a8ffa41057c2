using SQLitePCL;

namespace Litestream.Sqlite;

/// <summary>
/// A database that nobody else has open: all of it in its one file, WAL and WAL-index gone, and an exclusive lock held on it,
/// so that nobody comes in before this is disposed.
/// </summary>
/// <remarks>
/// SQLite leaves WAL mode only for the last connection that there is, in whatever process, and moves everything into the
/// database file in doing so. A connection that was opened and never used holds no lock, and is not noticed; should it be used
/// later, SQLite refuses its writes, because the file has moved (SQLITE_READONLY_DBMOVED).
/// </remarks>
internal sealed class SoleAccess : IDisposable
{
    private readonly DatabaseConnection _connection;

    private SoleAccess(DatabaseConnection connection) => _connection = connection;

    /// <summary>Tries once.</summary>
    /// <returns>Null if somebody else has the database open.</returns>
    /// <exception cref="SqliteFailure">The database cannot be opened or written to.</exception>
    public static SoleAccess? TryTake(string path)
    {
        var connection = DatabaseConnection.Open(path, TimeSpan.Zero);
        try
        {
            var mode = connection.QueryText("PRAGMA journal_mode=DELETE");
            if (mode != "delete")
            {
                throw new SqliteFailure(path, "leaving WAL mode", raw.SQLITE_ERROR, $"the journal mode stays '{mode}'");
            }

            connection.Execute("BEGIN EXCLUSIVE");
            return new SoleAccess(connection);
        }
        catch (SqliteFailure failure) when (failure.PrimaryCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED)
        {
            connection.Dispose();
            return null;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>True if the failure says that the file holds no database that SQLite could work with.</summary>
    public static bool IsDestroyed(SqliteFailure failure) => failure.PrimaryCode is raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT;

    public void Dispose()
    {
        if (_connection.IsOpen)
        {
            try
            {
                _connection.Rollback();
            }
            catch (SqliteFailure)
            {
                // Closing ends it too.
            }

            _connection.Dispose();
        }
    }
}
