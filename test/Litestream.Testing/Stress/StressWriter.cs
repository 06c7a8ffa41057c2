using Microsoft.Data.Sqlite;

namespace Litestream.Testing.Stress;

/// <summary>An application that runs a <see cref="StressScript"/> until it is told to stop, with connections that come and go.</summary>
public static class StressWriter
{
    /// <param name="database">The database.</param>
    /// <param name="seed">Decides everything.</param>
    /// <param name="pageSize">Of the database.</param>
    /// <param name="pause">How long, at most, it rests now and then.</param>
    /// <param name="cancellationToken">Ends it after the statement that it is at.</param>
    /// <returns>How many statements went through.</returns>
    public static long Run(string database, int seed, int pageSize, TimeSpan pause, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        var script = new StressScript(random, pageSize, savepoints: true);
        var done = 0L;
        while (!cancellationToken.IsCancellationRequested)
        {
            using var connection = Open(database, pageSize, script.Settings());
            var left = random.Next(20, 400);
            while (left-- > 0 && !cancellationToken.IsCancellationRequested)
            {
                done += Execute(connection, script.Next()) ? 1 : 0;
                if (random.Next(3) == 0)
                {
                    Thread.Sleep(pause * random.NextDouble());
                }
            }
        }

        return done;
    }

    /// <summary>Opens the database as an application does, and makes what is not there.</summary>
    public static SqliteConnection Open(string database, int pageSize, string settings, int autoVacuum = 0)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Pooling = false, DefaultTimeout = 1 }.ToString());
        connection.Open();
        Execute(connection, $"PRAGMA busy_timeout=2000;PRAGMA page_size={pageSize};PRAGMA auto_vacuum={autoVacuum};PRAGMA journal_mode=wal;{settings}");
        Execute(connection, StressScript.Schema);
        return connection;
    }

    /// <summary>Runs text. Where a lock of somebody else stands in the way, it is given up and rolled back.</summary>
    public static bool Execute(SqliteConnection connection, string text)
    {
        try
        {
            Run(connection, text);
            return true;
        }
        catch (SqliteException busy) when (IsPassing(busy))
        {
            try
            {
                Run(connection, "ROLLBACK");
            }
            catch (SqliteException)
            {
                // There was no transaction.
            }

            return false;
        }
    }

    /// <summary>Busy, locked, or the schema changed by somebody else: 5, 6, 15, 17, and a table that is being made anew.</summary>
    private static bool IsPassing(SqliteException exception) => exception.SqliteErrorCode is 5 or 6 or 15 or 17 or 1;

    private static void Run(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is the test's own.
        command.CommandText = text;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
