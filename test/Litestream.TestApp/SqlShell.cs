using System.Text;
using Microsoft.Data.Sqlite;

namespace Litestream.TestApp;

/// <summary>
/// What tests need of the sqlite3 command line, for Windows, which has none: statements, and <c>.dump</c>, in words of its own.
/// Another process with a connection of its own, but no other version of SQLite.
/// </summary>
internal static class SqlShell
{
    public static int Run(string database, string statement)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = database, Pooling = false, DefaultTimeout = 1 }.ToString());
        var output = new StringBuilder();
        try
        {
            connection.Open();
            if (statement == ".dump")
            {
                Dump(connection, output);
            }
            else
            {
                Execute(connection, statement, output);
            }

            Console.Out.Write(output);
            return 0;
        }
        catch (SqliteException e)
        {
            Console.Error.WriteLine($"Error: {e.Message}");
            return 1;
        }
    }

    /// <summary>The schema, and the rows of each table in the order in which they lie.</summary>
    private static void Dump(SqliteConnection connection, StringBuilder output)
    {
        Execute(connection, "PRAGMA encoding; SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid", output);
        var tables = new StringBuilder();
        Execute(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid", tables);
        foreach (var table in tables.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = table.Replace("\"", "\"\"", StringComparison.Ordinal);
            var columns = new StringBuilder();
            Execute(connection, $"SELECT group_concat(format('quote(\"%w\")', name), ', ') FROM pragma_table_info('{table.Replace("'", "''", StringComparison.Ordinal)}')", columns);
            output.Append(table).Append('\n');
            Execute(connection, $"SELECT {columns} FROM \"{name}\"", output);
        }
    }

    private static void Execute(SqliteConnection connection, string statements, StringBuilder output)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statements;
        using var reader = command.ExecuteReader();
        do
        {
            while (reader.Read())
            {
                for (var i = 0; i < reader.FieldCount; i++)
                {
                    output.Append(i == 0 ? "" : "|").Append(reader.IsDBNull(i) ? "" : reader.GetString(i));
                }

                output.Append('\n');
            }
        }
        while (reader.NextResult());
    }
}
