using Litestream.Diagnostics;

namespace Litestream.Sqlite;

/// <summary>
/// The two read transactions that leapfrog, so that there is never a moment without one. As long as one is held, no
/// frame that it can see, and that was not backfilled when it began, can be overwritten.
/// </summary>
/// <remarks>
/// Invariant: before a mark is released a newer one is held <em>and</em> every frame the older can see has been copied.
/// An idle database keeps one connection, the one that holds the mark; the spare is opened when it is needed. Used by one
/// thread at a time.
/// </remarks>
internal sealed class ReadMarks(Func<DatabaseConnection> open) : IDisposable
{
    private ReadConnection? _current;
    private ReadConnection? _spare;

    /// <summary>True while a read transaction of ours stands.</summary>
    public bool IsHeld => _current is { Connection.InTransaction: true };

    /// <summary>What the held transaction pins.</summary>
    public ReadMark Mark
    {
        get;
        private set
        {
            field = value;
            RestartSeen = false;
        }
    }

    /// <summary>True once the WAL was seen to have begun anew under this mark: no mark allows that twice.</summary>
    public bool RestartSeen { get; set; }

    /// <summary>The wal-index, through the connection that holds the mark.</summary>
    public WalIndex Index => Current.Index;

    /// <summary>The database and its WAL, through the connection that holds the mark.</summary>
    public DatabaseFile File => Current.File;

    /// <summary>The connection that holds the mark.</summary>
    public DatabaseConnection Connection => Current.Connection;

    private ReadConnection Current => _current ?? throw new InvalidOperationException("No read mark is held.");

    /// <summary>
    /// Whether the database file is as it was when the mark was taken. On read lock 0 it has to be: if not, the lock is lost.
    /// </summary>
    public bool IsFileUntouched() => Connection.FileWritten() == Mark.FileWritten;

    /// <summary>Takes the first mark.</summary>
    public void Begin()
    {
        _current ??= new ReadConnection(open());
        Mark = _current.BeginRead();
    }

    /// <summary>
    /// Takes a newer mark, has everything copied that it can see, and only then lets go of the older.
    /// </summary>
    /// <param name="copy">Copies every frame up to the wal-index's current maximum. If it throws, the older mark stays.</param>
    public void Leap(Action copy)
    {
        var next = Spare();
        var mark = next.BeginRead();
        var seenBefore = RestartSeen;
        if (Mutations.Made == Mutation.MarkClosedBeforeCopy)
        {
            Current.Connection.EndRead();
        }

        try
        {
            copy();
        }
        catch
        {
            next.Connection.EndRead();
            throw;
        }

        Current.Connection.EndRead();
        (_current, _spare) = (next, _current);
        var seenNow = RestartSeen && !seenBefore;
        Mark = mark;
        RestartSeen = seenNow;
    }

    /// <summary>A connection of ours that is in no transaction: for checkpoints, and for the write lock.</summary>
    public DatabaseConnection Idle() => Spare().Connection;

    /// <summary>
    /// Lets go of the mark, has <paramref name="action"/> done, and takes a mark again. Only while the write lock is held
    /// and everything is copied: then nothing can be committed in the gap.
    /// </summary>
    public void ReleaseUnderWriteLock(Action<DatabaseConnection> action)
    {
        var side = Current;
        side.Connection.EndRead();
        try
        {
            action(side.Connection);
        }
        finally
        {
            Mark = side.BeginRead();
        }
    }

    /// <summary>
    /// Lets go of the mark and takes it anew, with a gap between: only where nothing is to be continued. Unlike a leap this
    /// takes the lock itself again, should somebody have made the operating system drop it.
    /// </summary>
    public void Renew()
    {
        Current.Connection.EndRead();
        Mark = Current.BeginRead();
    }

    /// <summary>
    /// Has SQLite rebuild a wal-index whose header was left torn by a writer that was killed: whoever begins a transaction
    /// does that.
    /// </summary>
    /// <exception cref="SqliteFailure">Somebody who lives holds the write lock; transient.</exception>
    public void RepairIndex()
    {
        var connection = Spare().Connection;

        // In the middle of a leap it has just begun to read.
        if (!connection.InTransaction)
        {
            connection.BeginRead();
            connection.EndRead();
        }
    }

    /// <summary>Closes the connection that holds no mark.</summary>
    public void CloseSpare()
    {
        _spare?.Dispose();
        _spare = null;
    }

    public void Dispose()
    {
        CloseSpare();
        _current?.Dispose();
        _current = null;
    }

    /// <exception cref="DatabaseReplacedException">The path leads to another file than the one whose mark is held.</exception>
    private ReadConnection Spare()
    {
        if (_spare is not null)
        {
            return _spare;
        }

        var spare = new ReadConnection(open());
        if (_current is { } current && current.Connection.HasMoved())
        {
            // Opened by path: it may be the new file. A leap from the one to the other would mix their histories.
            spare.Dispose();
            throw new DatabaseReplacedException(current.Connection.Path);
        }

        return _spare = spare;
    }
}
