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
