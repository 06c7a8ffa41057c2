using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.LoadTest;

/// <summary>
/// One application with one writer, Microsoft.Data.Sqlite as it comes (synchronous FULL, no busy timeout), committing a row of
/// 500 bytes at a time.
/// </summary>
internal static class CommitLoad
{
    /// <summary>Commits for a while.</summary>
    /// <param name="variant">How the application is set up.</param>
    /// <param name="perSecond">How many commits a second; 0 for as many as it can.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="latencies">Gets how long each took.</param>
    /// <returns>The time it took.</returns>
    public static async Task<TimeSpan> RunAsync(Variant variant, int perSecond, TimeSpan duration, Latencies latencies)
    {
        var folder = Directory.CreateTempSubdirectory("litestream-net-load-").FullName;
        try
        {
            var connectionString = $"Data Source={Path.Combine(folder, "app.db")};Pooling=False";
            await using (var setup = new SqliteConnection(connectionString))
            {
                await setup.OpenAsync();
                await ExecuteAsync(setup, "PRAGMA journal_mode=wal");
                await ExecuteAsync(setup, "CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB NOT NULL)");
            }

            using var host = variant == Variant.Off ? null : Build(folder);
            if (host is not null)
            {
                await host.StartAsync();
                await Database(host).SyncAsync();
            }

            await using var connection = new SqliteConnection(connectionString);
            if (variant == Variant.OnAndUsed)
            {
                connection.UseLitestream(Database(host!));
            }

            await connection.OpenAsync();
            var took = Commit(connection, perSecond, duration, latencies);
            if (host is not null)
            {
                await host.StopAsync();
            }

            return took;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static TimeSpan Commit(SqliteConnection connection, int perSecond, TimeSpan duration, Latencies latencies)
    {
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO t (v) VALUES (randomblob(500))";
        for (var i = 0; i < 20; i++)
        {
            insert.ExecuteNonQuery();
        }

        var started = Stopwatch.GetTimestamp();
        for (var i = 1L; Stopwatch.GetElapsedTime(started) < duration; i++)
        {
            var before = Stopwatch.GetTimestamp();
            insert.ExecuteNonQuery();
            latencies.Add(Stopwatch.GetTimestamp() - before);
            if (perSecond > 0)
            {
                var due = TimeSpan.FromSeconds((double)i / perSecond) - Stopwatch.GetElapsedTime(started);
                if (due > TimeSpan.Zero)
                {
                    Thread.Sleep(due);
                }
            }
        }

        return Stopwatch.GetElapsedTime(started);
    }

    private static IHost Build(string folder)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = folder });
        builder.Services.AddLitestream(options =>
        {
            options.AddDatabase("app.db", "replica");
            options.ReleaseOnStop = true;
        });
        return builder.Build();
    }

    private static ILitestreamDatabase Database(IHost host) => host.Services.GetRequiredKeyedService<ILitestreamDatabase>("app");

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is above.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
