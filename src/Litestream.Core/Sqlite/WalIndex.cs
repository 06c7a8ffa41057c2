namespace Litestream.Sqlite;

/// <summary>
/// The WAL-index of a database, read where SQLite has mapped it: exact, and without any lock. Valid only while the
/// connection it was attached to is open; used by the thread that owns that connection. What another thread may do with
/// <see cref="Pointer"/> must be over before the connection closes: a stale pointer kills the process.
/// </summary>
internal sealed unsafe class WalIndex
{
    private const int RegionSize = 32768;
    private const int BackfilledOffset = 96;
    private const int MaxAttempts = 100;

    private readonly DatabaseConnection _connection;
    private nint _pointer;

    private WalIndex(DatabaseConnection connection)
    {
        _connection = connection;
        _pointer = Map();
    }

    /// <summary>Address of the first region; 0 while the connection has no WAL-index, that is before its first read in WAL mode.</summary>
    public nint Pointer
    {
        get
        {
            _connection.ThrowIfClosed();
            return _pointer != 0 ? _pointer : _pointer = Map();
        }
    }

    /// <summary>How many frames of the WAL are in the database file for certain (nBackfill); 0 while there is no WAL-index.</summary>
    public uint Backfilled => Pointer is var p and not 0 ? Volatile.Read(ref *(uint*)(p + BackfilledOffset)) : 0;

    /// <summary>Looks at the WAL-index of a connection. It may be absent yet: then everything here says so and looks again.</summary>
    public static WalIndex Attach(DatabaseConnection connection) => new(connection);

    /// <summary>Reads the header. Allocates nothing.</summary>
    /// <returns>
    /// False if there is none yet, or if it stayed torn: a writer stands still or was killed while publishing. The next
    /// read transaction that anybody begins repairs it.
    /// </returns>
    public bool TryRead(out WalIndexHeader header)
    {
        header = default;
        var pointer = Pointer;
        if (pointer == 0)
        {
            return false;
        }

        Span<uint> words = stackalloc uint[WalIndexHeader.Size / sizeof(uint)];
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (TryCopy(pointer, words) && WalIndexHeader.TryParse(System.Runtime.InteropServices.MemoryMarshal.AsBytes(words), out header))
            {
                return header.IsInit;
            }

            Thread.SpinWait(20);
        }

        return false;
    }

    /// <summary>
    /// Copies the first of the header's two copies. SQLite writes the second one first: if both are equal when read in
    /// this order, no writer was in between.
    /// </summary>
    internal static bool TryCopy(nint pointer, Span<uint> words)
    {
        var first = (uint*)pointer;
        var second = first + words.Length;
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = Volatile.Read(ref first[i]);
        }

        for (var i = 0; i < words.Length; i++)
        {
            if (Volatile.Read(ref second[i]) != words[i])
            {
                return false;
            }
        }

        return true;
    }

    private nint Map()
    {
        var db = _connection.Handle;

        // Without an open WAL xShmMap would create a -shm file for a database that has none.
        var file = NativeFile.OfWal(db) == null ? null : NativeFile.OfDatabase(db);
        if (file == null || file->Methods->Version < 2 || file->Methods->ShmMap == null)
        {
            return 0;
        }

        void* region = null;
        var rc = file->Methods->ShmMap(file, 0, RegionSize, 0, &region);
        GC.KeepAlive(db);
        return rc == SQLitePCL.raw.SQLITE_OK ? (nint)region : 0;
    }
}
