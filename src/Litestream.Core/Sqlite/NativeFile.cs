using System.Runtime.InteropServices;
using SQLitePCL;

namespace Litestream.Sqlite;

/// <summary>A <c>sqlite3_file</c>: a file as the VFS of the loaded SQLite opened it. (https://sqlite.org/c3ref/io_methods.html)</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeFile
{
    private const int FilePointer = 7;
    private const int JournalPointer = 28;

    /// <summary>Null while the file is not open.</summary>
    public NativeFileMethods* Methods;

    /// <summary>The database file of a connection; null if it is not open.</summary>
    public static NativeFile* OfDatabase(sqlite3 db) => Find(db, FilePointer);

    /// <summary>
    /// The WAL of a connection; null while it has none open, that is before its first read and in another journal mode
    /// (in which this would be the rollback journal, open only while the connection writes; ours do not).
    /// </summary>
    public static NativeFile* OfWal(sqlite3 db) => Find(db, JournalPointer);

    private static NativeFile* Find(sqlite3 db, int op)
    {
        NativeFile* file = null;
        return SqliteLibrary.FileControl(db, op, &file) == raw.SQLITE_OK && file != null && file->Methods != null ? file : null;
    }
}
