using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.Compare.Sections;

/// <summary>A replica to restore, made by a real application: so many MiB of rows first, then so many rounds of changes.</summary>
internal sealed record RestoreScenario(string Name, int BaseMiB, int Rounds, int RowsPerRound, bool RestartWal)
{
    public static readonly IReadOnlyList<RestoreScenario> All =
    [
        new("large", BaseMiB: 1024, Rounds: 250, RowsPerRound: 500, RestartWal: false),
        new("segments", BaseMiB: 16, Rounds: 10_000, RowsPerRound: 1, RestartWal: false),
        new("indexes", BaseMiB: 64, Rounds: 500, RowsPerRound: 50, RestartWal: true),
    ];

    /// <summary>What it is, in words.</summary>
    public string Describe(int scale) => Name switch
    {
        "large" => $"{BaseMiB * scale / 100} MiB and {Rounds * RowsPerRound * scale / 100 / 256} MiB of WAL",
        "segments" => $"{Rounds * scale / 100:N0} small segments",
        _ => $"{Rounds * scale / 100:N0} indexes",
    };

    /// <summary>Makes the replica, unless an earlier run has left it.</summary>
    public async Task<string> PrepareAsync(string folder, int scale, int? baseScale = null)
    {
        var replica = Path.Combine(folder, "replica");
        if (File.Exists(Path.Combine(folder, "done")))
        {
            return replica;
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "app.db");
        await using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode=wal; PRAGMA synchronous=OFF; PRAGMA cache_size=-200000; CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)");
            Fill(connection, (int)((long)BaseMiB * (baseScale ?? scale) * 1024 / 4 / 100));
            Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            using var host = Start(path, replica);
            await host.StartAsync();
            var database = host.Services.GetRequiredKeyedService<ILitestreamDatabase>("app");
            await database.SyncAsync();
            await ChangeAsync(connection, database, Math.Max(1, Rounds * scale / 100));
            await host.StopAsync();
        }

        File.Delete(path);
        await File.WriteAllTextAsync(Path.Combine(folder, "done"), "");
        return replica;
    }

    private async Task ChangeAsync(SqliteConnection connection, ILitestreamDatabase database, int rounds)
    {
        var random = new Random(1);
        using var count = connection.CreateCommand();
        count.CommandText = "SELECT max(id) FROM t";
        var rows = (long)count.ExecuteScalar()!;
        for (var round = 0; round < rounds; round++)
        {
            Execute(connection, "BEGIN");
            for (var i = 0; i < RowsPerRound; i++)
            {
                Execute(connection, $"UPDATE t SET a = randomblob(1800) WHERE id = {random.NextInt64(1, rows)}");
            }

            Execute(connection, "COMMIT");
            if (RestartWal)
            {
                Execute(connection, "PRAGMA wal_checkpoint(RESTART)");
            }

            if (RestartWal || RowsPerRound == 1 || round % 20 == 0)
            {
                // Each its own object.
                await database.SyncAsync();
            }
        }

        await database.SyncAsync();
    }

    // Half of it is random, half of it repeats, as data does.
    private static void Fill(SqliteConnection connection, int rows)
    {
        Execute(connection, "BEGIN");
        for (var i = 0; i < rows; i++)
        {
            Execute(connection, "INSERT INTO t(a, b) VALUES(randomblob(1800), printf('%.1900c', 'x'))");
        }

        Execute(connection, "COMMIT");
    }

    private IHost Start(string path, string replica)
    {
        var builder = new HostApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddLitestream(options =>
        {
            options.ReleaseOnStop = true;
            options.AddDatabase("app", app =>
            {
                app.Path = path;
                app.RestorePolicy = RestorePolicy.Never;
                app.ShadowLimit = 8L << 30;
                app.Replicas["file"] = new ReplicaOptions { Url = replica, SyncInterval = TimeSpan.FromMilliseconds(10), SnapshotInterval = null };

                // The WAL starts over when the scenario says so, and not before.
                app.MinCheckpointPages = RestartWal ? 1 : 1_000_000;
                app.MaxCheckpointPages = RestartWal ? 1000 : 2_000_000;
                app.CheckpointInterval = TimeSpan.Zero;
            });
        });
        return builder.Build();
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The SQL is this program's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
