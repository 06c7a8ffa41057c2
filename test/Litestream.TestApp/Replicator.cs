using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.TestApp;

/// <summary>
/// A host that replicates. "sync" in its input is answered with "synced POSITION", "insert" with "inserted" after a row was
/// committed, of the text behind it if there is one, through a pooled connection of this process, "restore" restores the last position that was
/// synced in place, saying "closed" and "exchanged PREVIOUS", and the end of its input stops it in order.
/// </summary>
internal static class Replicator
{
    public static async Task<int> RunAsync(string database, string replica, string[] options)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            ContentRootPath = Path.GetDirectoryName(Path.GetFullPath(database)),
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.AddLitestream(litestream => litestream.AddDatabase("app", app =>
        {
            app.Path = database;
            app.CheckpointInterval = TimeSpan.FromMilliseconds(Option(options, "--checkpoint-interval", 60_000));
            app.MinCheckpointPages = Option(options, "--min-checkpoint-pages", 1000);
            app.RestorePolicy = RestorePolicy.Never;
            app.Replicas["file"] = new ReplicaOptions
            {
                Url = replica,
                SyncInterval = TimeSpan.FromMilliseconds(50),
                SnapshotInterval = TimeSpan.FromMilliseconds(Option(options, "--snapshot-interval", 24 * 60 * 60 * 1000)),
            };
        }));
        using var host = builder.Build();
        await host.StartAsync();
        var replicated = host.Services.GetRequiredKeyedService<ILitestreamDatabase>("app");
        Console.WriteLine("replicating");
        var acknowledged = default(ReplicationPosition);
        while (Console.ReadLine() is { } line)
        {
            if (line == "sync")
            {
                acknowledged = await replicated.SyncAsync();
                Console.WriteLine($"synced {acknowledged}");
            }
            else if (line == "restore")
            {
                await RestoreInPlaceAsync(replicated, acknowledged);
            }
            else if (line == "insert" || line.StartsWith("insert ", StringComparison.Ordinal))
            {
                using var connection = new SqliteConnection($"Data Source={database}");
                connection.Open();
                using var command = connection.CreateCommand();
                var synchronous = Option(options, "--synchronous", 2).ToString(CultureInfo.InvariantCulture);
                command.CommandText = $"PRAGMA synchronous={synchronous}; CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES(coalesce($text, randomblob(100)))";
                command.Parameters.AddWithValue("$text", line.Length > 7 ? line[7..] : DBNull.Value);
                command.ExecuteNonQuery();
                Console.WriteLine("inserted");
            }
        }

        await host.StopAsync();
        return 0;
    }

    private static async Task RestoreInPlaceAsync(ILitestreamDatabase database, ReplicationPosition position)
    {
        var result = await database.RestoreInPlaceAsync(new InPlaceRestoreOptions
        {
            Restore = new RestoreOptions { Position = position },
            CloseConnections = _ =>
            {
                SqliteConnection.ClearAllPools();
                Console.WriteLine("closed");
                return Task.CompletedTask;
            },
        });
        Console.WriteLine($"exchanged {result.PreviousPath}");
    }

    private static int Option(string[] options, string name, int defaultValue)
    {
        var place = Array.IndexOf(options, name);
        return place < 0 ? defaultValue : int.Parse(options[place + 1], CultureInfo.InvariantCulture);
    }
}
