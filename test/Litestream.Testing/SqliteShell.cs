using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Litestream.Testing;

/// <summary>
/// The sqlite3 command line: another SQLite than the one inside this process, so a second opinion. On Windows, where few have
/// it, a child of our own stands in.
/// </summary>
public static class SqliteShell
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    /// <summary>Whether it is the real one.</summary>
    public static bool IsAvailable { get; } = Find() is not null;

    /// <summary>SHA-256 of the database's .dump. The file is opened read-only where it can be, and never while in use.</summary>
    public static async Task<string> DumpHashAsync(string database) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(await QueryAsync(database, ".dump"))));

    public static Task<string> IntegrityCheckAsync(string database) => QueryAsync(database, "PRAGMA integrity_check;");

    public static async Task<long> CountAsync(string database, string table) =>
        long.Parse(await QueryAsync(database, $"SELECT count(*) FROM {table};"), CultureInfo.InvariantCulture);

    public static async Task<string> QueryAsync(string database, string statement)
    {
        var command = IsAvailable || !OperatingSystem.IsWindows()
            ? ["sqlite3", "-batch", "-bail", database, statement]
            : ChildProcess.AppCommand("Litestream.TestApp", "shell", database, statement);
        var (exitCode, output) = await ChildProcess.RunAsync(Timeout, command[0], command[1..]);
        return exitCode == 0 ? output : throw new InvalidOperationException($"sqlite3 {database}: exit {exitCode}\n{output}");
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "sqlite3.exe" : "sqlite3"))
            .FirstOrDefault(File.Exists);
}
