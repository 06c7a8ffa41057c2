using SQLitePCL;

namespace Litestream.Sqlite;

/// <summary>
/// A connection of our own to a database: unpooled, with a private cache, never checkpointing by itself, neither after a
/// commit nor when it is the last one to close. Used by one thread at a time.
/// </summary>
internal sealed unsafe class DatabaseConnection : IDisposable
{
    private const int OpenFlags =
        raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_FULLMUTEX | raw.SQLITE_OPEN_PRIVATECACHE;

    private const int LookasideConfig = 1001;
    private const int NoCheckpointOnCloseConfig = 1006;
    private const int HasMovedControl = 20;

    private readonly sqlite3 _db;

    private DatabaseConnection(string path, TimeSpan busyTimeout, sqlite3 db)
    {
        (Path, _db) = (path, db);
        BusyTimeout = TimeSpan.FromMilliseconds(Math.Clamp(busyTimeout.TotalMilliseconds, 0, int.MaxValue));
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>How long it waits for a lock of somebody else.</summary>
    public TimeSpan BusyTimeout { get; }

    /// <summary>True while a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>True until disposed.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>The native handle, for this room alone.</summary>
    /// <exception cref="ObjectDisposedException">The connection is closed.</exception>
    internal sqlite3 Handle
    {
        get
        {
            ThrowIfClosed();
            return _db;
        }
    }

    /// <summary>Opens a database that exists. Does not read it: that it is one shows with the first read.</summary>
    /// <param name="path">The full path, symbolic links resolved (<see cref="DatabasePath"/>).</param>
    /// <param name="busyTimeout">How long to wait for a lock of somebody else.</param>
    /// <exception cref="SqliteFailure">The file is missing (transient), read-only, a folder, or could not be opened.</exception>
    /// <exception cref="LitestreamException">The SQLite in use is unfit.</exception>
    public static DatabaseConnection Open(string path, TimeSpan busyTimeout)
    {
        SqliteLibrary.EnsureReady();
        if (Directory.Exists(path))
        {
            throw new SqliteFailure(path, "opening the database", raw.SQLITE_CANTOPEN_ISDIR, "this is a folder, not a file", false);
        }

        var rc = raw.sqlite3_open_v2(path, out var db, OpenFlags, null);
        var connection = new DatabaseConnection(path, busyTimeout, db);
        try
        {
            if (rc != raw.SQLITE_OK)
            {
                throw File.Exists(path)
                    ? connection.Failure("opening the database", rc)
                    : new SqliteFailure(path, "opening the database", rc, "the file does not exist");
            }

            connection.Configure();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Runs statements that return nothing of interest.</summary>
    /// <exception cref="SqliteFailure">SQLite refused.</exception>
    public void Execute(string constantSql)
    {
        var rc = raw.sqlite3_exec(Handle, constantSql);
        if (rc != raw.SQLITE_OK)
        {
            throw Failure(constantSql, rc);
        }
    }

    /// <summary>The first column of the only row of a query, as a number.</summary>
    /// <exception cref="SqliteFailure">SQLite refused, or there was no row.</exception>
    public long QueryLong(string sql)
    {
        using var statement = Row(sql) ?? throw Failure(sql, raw.SQLITE_DONE);
        return raw.sqlite3_column_int64(statement, 0);
    }

    /// <summary>The first column of the first row of a query, as text; null if there is no row or it is NULL.</summary>
    /// <exception cref="SqliteFailure">SQLite refused.</exception>
    public string? QueryText(string sql)
    {
        using var statement = Row(sql);
        return statement is null ? null : raw.sqlite3_column_text(statement, 0).utf8_to_string();
    }

    /// <summary>
    /// Begins a read transaction and really takes its read mark: BEGIN alone takes nothing. Asks for a header field, since
    /// that parses no schema.
    /// </summary>
    /// <exception cref="SqliteFailure">SQLite refused; no transaction is open then.</exception>
    public void BeginRead()
    {
        Execute("BEGIN");
        try
        {
            Execute("PRAGMA user_version");
        }
        catch
        {
            Rollback();
            throw;
        }
    }

    /// <inheritdoc cref="WriteLock.Take"/>
    public void BeginImmediate() => WriteLock.Take(this);

    /// <summary>Ends the read transaction and lets go of its mark. Without one, nothing happens.</summary>
    public void EndRead() => Rollback();

    /// <summary>Ends the transaction without writing. Without one, nothing happens.</summary>
    /// <exception cref="SqliteFailure">SQLite refused.</exception>
    public void Rollback()
    {
        if (InTransaction)
        {
            Execute("ROLLBACK");
        }
    }

    /// <summary>What the open transaction sees: the WAL-index header at the moment when it took its mark.</summary>
    /// <returns>Null if SQLite does not say: its WAL-index was built from an empty WAL, or it was compiled without snapshots.</returns>
    /// <exception cref="InvalidOperationException">No transaction is open.</exception>
    public WalIndexHeader? SnapshotHeader()
    {
        if (!InTransaction)
        {
            throw new InvalidOperationException($"{Path}: there is no transaction whose snapshot could be taken.");
        }

        Span<byte> bytes = stackalloc byte[WalIndexHeader.Size];
        return SqliteLibrary.TryGetSnapshot(_db, bytes) && WalIndexHeader.TryParse(bytes, out var header) ? header : null;
    }

    /// <summary>
    /// Copies from the WAL into the database what no reader stands in the way of. Waits for nobody, and no writer waits
    /// for it.
    /// </summary>
    /// <exception cref="SqliteFailure">The checkpoint failed.</exception>
    public CheckpointResult CheckpointPassive()
    {
        var rc = raw.sqlite3_wal_checkpoint_v2(Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out var log, out var done);
        return (rc & 0xFF) switch
        {
            raw.SQLITE_OK => new CheckpointResult(log, done, Busy: false),
            raw.SQLITE_BUSY => new CheckpointResult(log, done, Busy: true),
            _ => throw Failure("checkpointing", rc),
        };
    }

    /// <summary>True if the path does not lead to the file that is open any more: renamed, deleted or replaced. Always false on Windows.</summary>
    public bool HasMoved()
    {
        var moved = 0;
        return SqliteLibrary.FileControl(Handle, HasMovedControl, &moved) == raw.SQLITE_OK && moved != 0;
    }

    /// <summary>
    /// When the file at the path was last written to, by the file system and to its precision: asking opens nothing, so no
    /// lock is lost. Always the same on Windows, where nobody's locks are dropped and nobody needs to ask.
    /// </summary>
    public DateTime FileWritten() => OperatingSystem.IsWindows() ? default : File.GetLastWriteTimeUtc(Path);

    /// <summary>The journal mode, in lower case.</summary>
    public string JournalMode() => QueryText("PRAGMA journal_mode") ?? "";

    /// <summary>
    /// Switches the database to WAL mode unless it is in it already. Afterwards the connection has its WAL and WAL-index
    /// open.
    /// </summary>
    /// <exception cref="SqliteFailure">Somebody uses the database (transient), or it cannot be in WAL mode where it lies.</exception>
    public void EnsureWalMode()
    {
        // A read opens the WAL if the database has one: that spares the pragma, which parses the whole schema.
        if (HasWal())
        {
            return;
        }

        var mode = QueryText("PRAGMA journal_mode=wal");
        if (mode != "wal")
        {
            throw new SqliteFailure(
                Path,
                "switching to WAL mode",
                raw.SQLITE_ERROR,
                $"the journal mode stays '{mode}'; the file system or the VFS in use offers no shared memory, which WAL mode needs");
        }

        if (!HasWal())
        {
            throw new SqliteFailure(Path, "switching to WAL mode", raw.SQLITE_BUSY, "somebody switched the database back");
        }
    }

    /// <summary>Closes the connection, without a checkpoint and without removing the WAL. Idempotent.</summary>
    public void Dispose()
    {
        if (IsOpen)
        {
            IsOpen = false;
            _db.Dispose();
        }
    }

    internal void ThrowIfClosed() => ObjectDisposedException.ThrowIf(!IsOpen, this);

    /// <summary>A failure of this connection, with SQLite's own message if it has one for it.</summary>
    internal SqliteFailure Failure(string operation, int resultCode)
    {
        var extended = raw.sqlite3_extended_errcode(_db);
        return (extended & 0xFF) == (resultCode & 0xFF)
            ? new SqliteFailure(Path, operation, extended, raw.sqlite3_errmsg(_db).utf8_to_string())
            : new SqliteFailure(Path, operation, resultCode, null);
    }

    /// <summary>Whether it has its WAL open, after a read, which opens the WAL that a database has.</summary>
    private bool HasWal()
    {
        BeginRead();
        EndRead();
        return NativeFile.OfWal(Handle) != null;
    }

    private void Configure()
    {
        Check(raw.sqlite3_extended_result_codes(_db, 1));
        Check(raw.sqlite3_busy_timeout(_db, (int)BusyTimeout.TotalMilliseconds));
        if (raw.sqlite3_db_readonly(_db, "main") == 1)
        {
            throw new SqliteFailure(
                Path,
                "opening the database",
                raw.SQLITE_READONLY,
                "the file can only be read; replication needs to write to it (checkpoints) and to its folder (-wal, -shm)");
        }

        // Of the few statements we run none needs SQLite's 48 KB of memory in advance.
        Check(raw.sqlite3_db_config(_db, LookasideConfig, 0, 0, 0));
        Check(raw.sqlite3_wal_autocheckpoint(_db, 0));
        Check(raw.sqlite3_db_config(_db, NoCheckpointOnCloseConfig, 1, out var set));
        if (set != 1)
        {
            throw new SqliteFailure(Path, "opening the database", raw.SQLITE_MISUSE, "SQLite does not know NO_CKPT_ON_CLOSE");
        }
    }

    private void Check(int rc)
    {
        if (rc != raw.SQLITE_OK)
        {
            throw Failure("configuring the connection", rc);
        }
    }

    private sqlite3_stmt? Row(string sql)
    {
        var rc = raw.sqlite3_prepare_v2(Handle, sql, out var statement);
        if (rc != raw.SQLITE_OK)
        {
            throw Failure(sql, rc);
        }

        rc = raw.sqlite3_step(statement);
        if (rc == raw.SQLITE_ROW)
        {
            return statement;
        }

        // The message is the connection's, and finalising must not be taken for its cause.
        var failure = rc == raw.SQLITE_DONE ? null : Failure(sql, rc);
        statement.Dispose();
        return failure is null ? null : throw failure;
    }
}
