using Microsoft.Data.Sqlite;

namespace Orders;

/// <summary>The orders, by plain ADO.NET.</summary>
public sealed class OrderBook(string path)
{
    private readonly string _connectionString = new SqliteConnectionStringBuilder { DataSource = path }.ToString();

    public async Task CreateAsync()
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL)";
        await command.ExecuteNonQueryAsync();
    }

    public async Task<Order> AddAsync(string item, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO orders (item) VALUES ($item) RETURNING id";
        command.Parameters.AddWithValue("$item", item);
        return new Order((long)(await command.ExecuteScalarAsync(cancellationToken))!, item);
    }

    public async Task<List<Order>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, item FROM orders ORDER BY id";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var orders = new List<Order>();
        while (await reader.ReadAsync(cancellationToken))
        {
            orders.Add(new Order(reader.GetInt64(0), reader.GetString(1)));
        }

        return orders;
    }

    private async Task<SqliteConnection> OpenAsync()
    {
        var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync();
        return connection;
    }
}
