using Litestream.Testing;

namespace Litestream.Crash;

/// <summary>What a deploy does to the process: it stops in order, its pools are closed at exit, and the next one starts.</summary>
public sealed class DeployTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Database => _directory.File("app.db");

    private string Replica => _directory.File("replica");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Restarts_of_an_application_with_pooled_connections_keep_the_generation()
    {
        string? generation = null;
        using (new AppDatabase(_directory))
        {
            // Made, and closed: from here on the application is the only one that has it open.
        }

        for (var start = 1; start <= 4; start++)
        {
            await using var process = await ReplicatorProcess.StartAsync(Database, Replica);
            await process.InsertAsync();
            var position = await process.SyncAsync();
            await process.InsertAsync();
            await process.StopAsync();

            generation ??= position.Split('/')[0];
            position.Should().StartWith(generation + "/", $"of start {start}");
        }

        await using var client = new FileReplicaClient(Replica);
        await client.RestoreAsync(new RestoreOptions { OutputPath = _directory.File("copy.db") });
        (await SqliteShell.CountAsync(_directory.File("copy.db"), "t")).Should().Be(8);
    }

    [Fact]
    public async Task A_recycle_whose_processes_overlap_hands_over_without_a_gap_in_the_same_generation()
    {
        using var database = new AppDatabase(_directory);
        database.Execute("CREATE TABLE IF NOT EXISTS t(x)");
        string generation;
        await using var newer = new ReplicatedApp(_directory);
        await using (var older = await ReplicatorProcess.StartAsync(Database, Replica))
        {
            database.Insert(10);
            generation = (await older.SyncAsync()).Split('/')[0];
            await newer.StartAsync();
            newer.Status.State.Should().Be(ReplicationState.WaitingForOtherProcess);

            // Both serve for a while, and the application writes all through the hand-over.
            var stop = older.StopAsync();
            while (!stop.IsCompleted)
            {
                database.Insert(1);
                await Task.Delay(1);
            }

            await stop;
        }

        database.Insert(10);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var position = await newer.Engine.WaitForReplicationAsync(timeout.Token);

        position.Generation.Should().Be(generation);
        newer.Status.State.Should().Be(ReplicationState.Replicating);
        await using var client = new FileReplicaClient(Replica);
        await client.RestoreAsync(new RestoreOptions { OutputPath = _directory.File("copy.db"), Position = position });
        (await SqliteShell.DumpHashAsync(_directory.File("copy.db"))).Should().Be(await SqliteShell.DumpHashAsync(Database));
    }

    [Fact]
    public async Task A_close_of_another_process_leaves_the_wal_in_place_after_all_that_this_library_does()
    {
        using var database = new AppDatabase(_directory);
        database.Execute("CREATE TABLE t(x)");
        await using var app = new ReplicatedApp(_directory);
        await app.StartAsync();
        database.Insert(10);
        await app.SyncAsync();
        await app.RestoreAsync(_directory.File("copy.db"));
        await app.StopAsync();

        await using (var other = await OtherProcess.StartAsync(Database))
        {
            (await other.ExecuteAsync("SELECT count(*) FROM t")).Should().Be("10");
            await other.CloseAsync();
        }

        File.Exists(Database + "-wal").Should().BeTrue();
        database.Insert(1);
        (await SqliteShell.CountAsync(Database, "t")).Should().Be(11);
    }
}
