using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace Litestream.EntityFrameworkCore;

/// <summary>Which of the databases that are replicated a connection is to.</summary>
internal static class ReplicatedDatabases
{
    /// <summary>Enough for the databases that an application opens by mistake; one for each tenant need not all be said.</summary>
    private const int MostMisses = 100;

    private static readonly ConditionalWeakTable<ILitestream, HashSet<string>> Misses = [];

    /// <summary>Finds it by the file. The connection need not be open, and is not opened.</summary>
    /// <returns>Null if none is.</returns>
    public static ILitestreamDatabase? Find(ILitestream litestream, SqliteConnection connection) =>
        PathOf(connection) is { } path ? litestream.FindDatabase(path) : null;

    /// <summary>Whether a database is still one of these.</summary>
    public static bool Has(ILitestream litestream, ILitestreamDatabase database) => litestream.FindDatabase(database.Path) == database;

    /// <summary>Whether it has not been said yet that this file is not replicated.</summary>
    public static bool IsFirstMissOf(ILitestream litestream, string path)
    {
        var misses = Misses.GetOrCreateValue(litestream);
        lock (misses)
        {
            return misses.Count < MostMisses && misses.Add(path);
        }
    }

    private static string? PathOf(SqliteConnection connection)
    {
        // The full name while it is open, what the connection string says before.
        var source = connection.DataSource;
        if (string.IsNullOrEmpty(source) || source.Contains(":memory:", StringComparison.OrdinalIgnoreCase)
            || source.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        const string DataDirectory = "|DataDirectory|";
        if (source.StartsWith(DataDirectory, StringComparison.OrdinalIgnoreCase))
        {
            source = Path.Combine(AppDomain.CurrentDomain.GetData("DataDirectory") as string ?? "", source[DataDirectory.Length..].TrimStart('/', '\\'));
        }

        return Path.GetFullPath(source);
    }
}
