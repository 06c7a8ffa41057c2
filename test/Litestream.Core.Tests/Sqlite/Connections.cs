using Litestream.Sqlite;

namespace Litestream.Core.Tests.Sqlite;

internal static class Connections
{
    public static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(2);

    /// <summary>A connection of the engine's, with its WAL open.</summary>
    public static DatabaseConnection Open(string path)
    {
        var connection = DatabaseConnection.Open(path, BusyTimeout);
        connection.EnsureWalMode();
        return connection;
    }
}
