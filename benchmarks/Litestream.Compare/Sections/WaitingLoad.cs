using System.Diagnostics;
using System.Net;
using Litestream.Compare.Measuring;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.Compare.Sections;

/// <summary>
/// A web application whose requests commit and are answered once that is on the replica, which takes 50 ms for an upload, as a
/// bucket does. Clients ask again as soon as they are answered.
/// </summary>
internal static class WaitingLoad
{
    private static readonly TimeSpan Distance = TimeSpan.FromMilliseconds(50);

    /// <returns>How many requests were answered, and how many uploads that cost.</returns>
    public static async Task<(int Requests, int Uploads)> RunAsync(int clients, TimeSpan duration, Latencies latencies)
    {
        var folder = Directory.CreateTempSubdirectory("litestream-net-load-").FullName;
        var connectionString = $"Data Source={Path.Combine(folder, "app.db")}";
        try
        {
            using (var setup = await OpenAsync(connectionString))
            {
                await ExecuteAsync(setup, "PRAGMA journal_mode=wal");
                await ExecuteAsync(setup, "CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB NOT NULL)");
            }

            await using var replica = new CountedReplica(Path.Combine(folder, "replica"), Distance);
            await using var app = Build(folder, replica);
            app.MapPost("/", async () =>
            {
                await using var connection = await OpenAsync(connectionString);
                await ExecuteAsync(connection, "PRAGMA busy_timeout=30000");
                await ExecuteAsync(connection, "INSERT INTO t (v) VALUES (randomblob(500))");
            }).RequireReplication(options => options.Timeout = TimeSpan.FromMinutes(1));
            await app.StartAsync();
            await app.Services.GetRequiredService<ILitestream>().SyncAsync();

            var before = replica.Uploads;
            var requests = await AskAsync(new Uri(app.Urls.Single()), clients, duration, latencies);
            var uploads = replica.Uploads - before;
            await app.StopAsync();
            return (requests, uploads);
        }
        finally
        {
            SqliteConnection.ClearPool(new SqliteConnection(connectionString));
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> AskAsync(Uri address, int clients, TimeSpan duration, Latencies latencies)
    {
        using var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        var started = Stopwatch.GetTimestamp();
        var requests = 0;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            do
            {
                var asked = Stopwatch.GetTimestamp();
                using var response = await client.PostAsync("/", null);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    throw new InvalidOperationException($"A request was answered with {response.StatusCode}.");
                }

                lock (latencies)
                {
                    latencies.Add(Stopwatch.GetTimestamp() - asked);
                    requests++;
                }
            }
            while (Stopwatch.GetElapsedTime(started) < duration);
        }));
        return requests;
    }

    private static WebApplication Build(string folder, CountedReplica replica)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = folder });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IReplicaClientFactory>(replica);
        builder.Services.AddLitestream(options =>
        {
            options.AddDatabase("app.db", "counted://replica/app");
            options.ReleaseOnStop = true;
        });
        return builder.Build();
    }

    private static async Task<SqliteConnection> OpenAsync(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is above.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
