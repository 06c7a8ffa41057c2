using SQLitePCL;

namespace Litestream.Sqlite;

/// <summary>SQLite refused something that we asked of a database.</summary>
internal sealed class SqliteFailure : LitestreamException
{
    private const int ProtocolError = 15;

    /// <summary>Creates the failure.</summary>
    /// <param name="path">The database.</param>
    /// <param name="operation">What was tried, in words or as the statement.</param>
    /// <param name="resultCode">SQLite's result code.</param>
    /// <param name="reason">Why, in words; null for SQLite's own words for the code.</param>
    /// <param name="isTransient">Null if the code decides.</param>
    public SqliteFailure(string path, string operation, int resultCode, string? reason, bool? isTransient = null)
        : base(
            $"{path}: {operation}: {reason ?? raw.sqlite3_errstr(resultCode).utf8_to_string()} (SQLite result {resultCode}).",
            null,
            isTransient ?? IsPassing(resultCode))
        => ResultCode = resultCode;

    /// <summary>SQLite's extended result code.</summary>
    public int ResultCode { get; }

    /// <summary>The result code without its extension, for example <c>SQLITE_BUSY</c>.</summary>
    public int PrimaryCode => ResultCode & 0xFF;

    /// <summary>
    /// A lock is let go, a missing file appears; what is read-only, full or not a database stays so until a person acts.
    /// </summary>
    private static bool IsPassing(int resultCode) => (resultCode & 0xFF) is
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_CANTOPEN or ProtocolError;
}
