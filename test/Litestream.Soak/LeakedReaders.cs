using Microsoft.Data.Sqlite;

namespace Litestream.Soak;

/// <summary>Connections that hold a read transaction which somebody forgot, one on each database, until disposed.</summary>
internal sealed class LeakedReaders : IDisposable
{
    private readonly List<SqliteConnection> _connections = [];

    public LeakedReaders(IEnumerable<SoakDatabase> databases)
    {
        foreach (var database in databases)
        {
            var connection = database.Open();
            SoakDatabase.Execute(connection, "BEGIN; SELECT count(*) FROM entry;");
            _connections.Add(connection);
        }
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            SoakDatabase.Execute(connection, "COMMIT");
            connection.Dispose();
        }
    }
}
