namespace Litestream.Sqlite;

/// <summary>The file at the database's path is another one than the one that is held open.</summary>
internal sealed class DatabaseReplacedException(string path)
    : LitestreamException(
        $"The database file '{path}' was replaced by another file. Replication goes on with the new file, in a new generation.",
        innerException: null,
        isTransient: true);
