using Litestream.Testing;
using Microsoft.Data.Sqlite;

namespace Litestream.Hosting;

/// <summary>Snapshots of a live database by the whole engine.</summary>
public sealed class SnapshotTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ReplicatedApp _app;

    public SnapshotTests() => _app = new ReplicatedApp(_directory);

    [Fact]
    public async Task On_demand_a_snapshot_of_the_live_database_is_taken_and_restores()
    {
        using var database = await StartedAsync();
        await StartOverAsync(database);

        await _app.Engine.SnapshotAsync(null, default);

        Snapshots().Should().HaveCount(2);
        database.Insert(5);
        var position = await _app.SyncAsync();
        await ShouldRestoreAsync(database);
        position.Should().Be(_app.Status.Replicas[0].Position);
        _app.Status.Replicas[0].LastSnapshotAt.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task On_demand_what_was_committed_before_is_on_the_replica_in_any_case()
    {
        using var database = await StartedAsync();
        database.Insert(3);

        await _app.Engine.SnapshotAsync("file", default);

        await ShouldRestoreAsync(database);
    }

    [Fact]
    public async Task On_demand_of_a_replica_that_does_not_exist_is_an_error_that_names_those_which_do()
    {
        using var database = await StartedAsync();

        (await FluentActions.Awaiting(() => _app.Engine.SnapshotAsync("fiel", default)).Should().ThrowAsync<ArgumentException>())
            .Which.Message.Should().Contain("'fiel'").And.Contain("It has: file");
    }

    [Fact]
    public async Task By_the_clock_they_are_taken_while_the_application_writes()
    {
        _app.ReplicaOptions.SnapshotInterval = TimeSpan.FromMilliseconds(200);
        using var database = await StartedAsync();

        for (var i = 0; Snapshots().Length < 4; i++)
        {
            i.Should().BeLessThan(2_000, "snapshots come by themselves");
            database.Insert(20);
            await Task.Delay(10);
        }

        await _app.SyncAsync();
        await ShouldRestoreAsync(database);
        _app.Status.Replicas[0].Warning.Should().BeNull();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    private async Task<AppDatabase> StartedAsync()
    {
        _app.Options.MinCheckpointPages = 5;
        _app.Options.CheckpointInterval = TimeSpan.FromMilliseconds(50);
        var database = new AppDatabase(_directory);
        database.Execute("CREATE TABLE t(a BLOB)");
        await _app.StartAsync();
        database.Insert(20);
        await _app.SyncAsync();
        return database;
    }

    /// <summary>Writes until the WAL has started over.</summary>
    private async Task StartOverAsync(AppDatabase database)
    {
        var index = _app.Status.Position.Index;
        for (var i = 0; _app.Status.Position.Index == index; i++)
        {
            i.Should().BeLessThan(2_000, "the WAL starts over once it is checkpointed");
            database.Insert(10);
            await Task.Delay(10);
        }

        await _app.SyncAsync();
    }

    private string[] Snapshots() => Directory.Exists(_app.ReplicaPath)
        ? Directory.GetFiles(_app.ReplicaPath, "*.snapshot.lz4", SearchOption.AllDirectories)
        : [];

    private async Task ShouldRestoreAsync(AppDatabase database)
    {
        var output = _directory.File($"restored-{Guid.NewGuid():n}.db");
        await _app.RestoreAsync(output, options => options.IntegrityCheck = IntegrityCheck.Full);
        using var restored = new SqliteConnection($"Data Source={output};Pooling=False");
        restored.Open();
        using var command = restored.CreateCommand();
        command.CommandText = "SELECT count(*), total(rowid), group_concat(hex(a)) FROM t";
        using var live = database.Connection.CreateCommand();
        live.CommandText = command.CommandText;
        using var left = command.ExecuteReader();
        using var right = live.ExecuteReader();
        (left.Read() && right.Read()).Should().BeTrue();
        for (var i = 0; i < 3; i++)
        {
            left.GetValue(i).Should().Be(right.GetValue(i));
        }
    }
}
