using System.Runtime.InteropServices;
using Litestream.Sqlite;
using SQLitePCL;

namespace Litestream.Testing.Capture;

/// <summary>Reads a database through SQLite at one exactly known moment: the opinion that the shadow is compared with.</summary>
internal sealed class DatabaseReader : IDisposable
{
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    private readonly ReadConnection _reader;

    public DatabaseReader(string path) => _reader = new ReadConnection(Connect(path));

    /// <summary>The wal-index, as this reader sees it.</summary>
    public WalIndex Index => _reader.Index;

    /// <summary>The files, through SQLite's own handles.</summary>
    public DatabaseFile File => _reader.File;

    /// <summary>A connection as the engine opens it.</summary>
    public static DatabaseConnection Connect(string path)
    {
        var connection = DatabaseConnection.Open(path, BusyTimeout);
        try
        {
            connection.EnsureWalMode();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Begins a transaction.</summary>
    /// <returns>The wal-index header that it reads by; null if SQLite does not say and it would be a guess.</returns>
    public WalIndexHeader? Begin()
    {
        var mark = _reader.BeginRead();
        return mark.IsExact ? mark.Header : null;
    }

    /// <summary>The whole database as the open transaction sees it.</summary>
    public byte[] Read()
    {
        var bytes = raw.sqlite3_serialize(_reader.Connection.Handle, "main", out var size, 0);
        if (bytes == 0)
        {
            throw new InvalidOperationException($"sqlite3_serialize: {raw.sqlite3_errmsg(_reader.Connection.Handle).utf8_to_string()}");
        }

        try
        {
            var copy = new byte[size];
            Marshal.Copy(bytes, copy, 0, (int)size);
            return copy;
        }
        finally
        {
            raw.sqlite3_free(bytes);
        }
    }

    public void End() => _reader.Connection.EndRead();

    public void Dispose() => _reader.Dispose();
}
