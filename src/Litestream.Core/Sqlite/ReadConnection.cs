namespace Litestream.Sqlite;

/// <summary>A connection of ours that takes read marks, with the wal-index and the files as seen through it.</summary>
internal sealed class ReadConnection : IDisposable
{
    /// <summary>How often a transaction is begun anew to catch a moment in which the wal-index stands still.</summary>
    private const int BeginAttempts = 20;

    public ReadConnection(DatabaseConnection connection)
    {
        Connection = connection;
        try
        {
            Index = WalIndex.Attach(connection);
            File = DatabaseFile.Attach(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public DatabaseConnection Connection { get; }

    public WalIndex Index { get; }

    public DatabaseFile File { get; }

    /// <summary>Begins a read transaction and finds out what it sees.</summary>
    public ReadMark BeginRead()
    {
        for (var attempt = 1; ; attempt++)
        {
            var known = Index.TryRead(out var before);
            Connection.BeginRead();

            // The order matters: SQLite writes the header of a restarted WAL before it sets the backfilled count back to
            // 0. Read the other way round, a restart in between would look like a mark far ahead of the backfilling.
            var backfilled = Index.Backfilled;
            known &= Index.TryRead(out var after);

            // What is backfilled is written before it is counted: this is not before the last of it.
            var written = Connection.FileWritten();
            if (Connection.SnapshotHeader() is { } exact)
            {
                // Under the same salts backfilling only grows: if it is short of the mark now, it was when it began.
                var pinned = after.Salts == exact.Salts && backfilled < exact.MaxFrame;
                return new ReadMark(exact, IsExact: true, MayBeOnLockZero: !pinned, written);
            }

            if (known && before == after)
            {
                return new ReadMark(after, IsExact: true, MayBeOnLockZero: backfilled >= after.MaxFrame, written);
            }

            if (attempt >= BeginAttempts)
            {
                return new ReadMark(after, IsExact: false, MayBeOnLockZero: true, written);
            }

            Connection.EndRead();
        }
    }

    public void Dispose() => Connection.Dispose();
}
