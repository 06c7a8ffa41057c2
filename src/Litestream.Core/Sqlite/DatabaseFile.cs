using SQLitePCL;

namespace Litestream.Sqlite;

/// <summary>
/// Byte-exact reads of the database file and of its WAL through the handles that SQLite itself has open. Opening and
/// closing the database by path would drop every lock that SQLite holds on it in this process, and lose commits.
/// Used by one thread at a time, the one that owns the connection: SQLite may seek before it reads.
/// </summary>
internal sealed unsafe class DatabaseFile
{
    private const int ShortRead = 522;
    private const int SyncNormal = 2;

    private readonly DatabaseConnection _connection;

    private DatabaseFile(DatabaseConnection connection) => _connection = connection;

    /// <summary>The files of a connection, as long as that is open.</summary>
    public static DatabaseFile Attach(DatabaseConnection connection) => new(connection);

    /// <summary>Reads the database file as it lies on disk, without what the WAL still holds.</summary>
    /// <returns>Bytes read: fewer than asked for at the end of the file, 0 behind it.</returns>
    /// <exception cref="SqliteFailure">The file could not be read.</exception>
    public int ReadDatabase(long offset, Span<byte> buffer) => Read(Database(), offset, buffer, "reading the database");

    /// <summary>Reads the WAL file, which may hold more than what is committed.</summary>
    /// <returns>Bytes read: fewer than asked for at the end of the file, 0 behind it.</returns>
    /// <exception cref="SqliteFailure">The file could not be read.</exception>
    public int ReadWal(long offset, Span<byte> buffer) => Read(Wal(), offset, buffer, "reading the WAL");

    /// <summary>Size of the database file in bytes.</summary>
    public long DatabaseSize() => FileSize(Database(), "reading the size of the database");

    /// <summary>Size of the WAL file in bytes. It does not shrink when the WAL restarts.</summary>
    public long WalSize() => FileSize(Wal(), "reading the size of the WAL");

    /// <summary>Writes the WAL through to the disk.</summary>
    public void SyncWal() => Sync(Wal(), "syncing the WAL");

    /// <summary>Writes the database file through to the disk.</summary>
    public void SyncDatabase() => Sync(Database(), "syncing the database");

    private NativeFile* Database()
    {
        var file = NativeFile.OfDatabase(_connection.Handle);
        return file != null ? file : throw new InvalidOperationException($"{_connection.Path}: the database file is not open.");
    }

    private NativeFile* Wal()
    {
        var file = NativeFile.OfWal(_connection.Handle);
        return file != null
            ? file
            : throw new InvalidOperationException($"{_connection.Path}: the connection has no WAL open; it has not read yet, or is not in WAL mode.");
    }

    private int Read(NativeFile* file, long offset, Span<byte> buffer, string operation)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        fixed (byte* p = buffer)
        {
            var length = buffer.Length;
            while (true)
            {
                var rc = file->Methods->Read(file, p, length, offset);
                if (rc == raw.SQLITE_OK)
                {
                    GC.KeepAlive(_connection);
                    return length;
                }

                if (rc != ShortRead)
                {
                    throw _connection.Failure(operation, rc);
                }

                // SQLite has filled up with zeros without saying where they begin. Only a read that comes back whole
                // proves its bytes: the file may have grown or shrunk since its size was asked for.
                var there = FileSize(file, operation) - offset;
                if (there <= 0)
                {
                    return 0;
                }

                length = (int)Math.Min(there, buffer.Length);
            }
        }
    }

    private long FileSize(NativeFile* file, string operation)
    {
        long size = 0;
        var rc = file->Methods->FileSize(file, &size);
        GC.KeepAlive(_connection);
        return rc == raw.SQLITE_OK ? size : throw _connection.Failure(operation, rc);
    }

    private void Sync(NativeFile* file, string operation)
    {
        var rc = file->Methods->Sync(file, SyncNormal);
        GC.KeepAlive(_connection);
        if (rc != raw.SQLITE_OK)
        {
            throw _connection.Failure(operation, rc);
        }
    }
}
