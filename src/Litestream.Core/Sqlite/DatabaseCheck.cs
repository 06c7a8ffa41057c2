using System.Globalization;
using SQLitePCL;

namespace Litestream.Sqlite;

/// <summary>Lets SQLite judge a database file that nobody else has open, without changing a byte of it or beside it.</summary>
internal static class DatabaseCheck
{
    private const int StepsBetweenLooks = 10_000;

    /// <summary>Runs <c>quick_check</c> or <c>integrity_check</c>.</summary>
    /// <returns>Null if it passes; else the first finding.</returns>
    public static string? Run(string path, bool full, CancellationToken cancellationToken)
    {
        SqliteLibrary.EnsureReady();

        // Immutable: no lock, no WAL, no -shm, although the header of the file says WAL mode.
        // Every separator is escaped: SQLite takes what stands behind two slashes for a host, and knows none.
        var uri = $"file:{Uri.EscapeDataString(path)}?immutable=1";
        var rc = raw.sqlite3_open_v2(uri, out var db, raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI | raw.SQLITE_OPEN_PRIVATECACHE, null);
        try
        {
            if (rc != raw.SQLITE_OK)
            {
                return Describe(rc);
            }

            raw.sqlite3_progress_handler(db, StepsBetweenLooks, _ => cancellationToken.IsCancellationRequested ? 1 : 0, null);
            var finding = Execute(db, full ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)");
            cancellationToken.ThrowIfCancellationRequested();
            return finding;
        }
        finally
        {
            raw.sqlite3_close_v2(db);
        }
    }

    private static string? Execute(sqlite3 db, string sql)
    {
        var rc = raw.sqlite3_prepare_v2(db, sql, out var statement);
        using (statement)
        {
            if (rc != raw.SQLITE_OK)
            {
                return Describe(rc);
            }

            rc = raw.sqlite3_step(statement);
            if (rc != raw.SQLITE_ROW)
            {
                return Describe(rc);
            }

            var text = raw.sqlite3_column_text(statement, 0).utf8_to_string();
            return text == "ok" ? null : text;
        }
    }

    private static string Describe(int rc) =>
        string.Create(CultureInfo.InvariantCulture, $"{raw.sqlite3_errstr(rc).utf8_to_string()} ({rc})");
}
