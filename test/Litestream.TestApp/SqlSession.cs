using Microsoft.Data.Sqlite;

namespace Litestream.TestApp;

/// <summary>A connection in a process of its own that does what it is told, line by line.</summary>
internal static class SqlSession
{
    public static int Run(string database)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = database, Pooling = false, DefaultTimeout = 1 }.ToString());
        connection.Open();
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line)
        {
            Console.WriteLine(Execute(connection, line));
        }

        return 0;
    }

    private static string Execute(SqliteConnection connection, string line)
    {
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = line;
            return $"ok {command.ExecuteScalar()}";
        }
        catch (SqliteException e)
        {
            return $"error {e.SqliteErrorCode} {e.Message}";
        }
    }
}
