using Litestream.Testing;

namespace Litestream.Hosting;

public sealed class DatabaseEngineTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ReplicatedApp _app;

    public DatabaseEngineTests() => _app = new ReplicatedApp(_directory);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task What_was_synced_is_restored_byte_for_byte()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        database.Insert(500);

        var position = await _app.SyncAsync();
        var result = await _app.RestoreAsync(_directory.File("copy.db"));

        result.Position.Should().Be(position);
        await ShouldEqualAsync("copy.db", database);
    }

    [Fact]
    public async Task A_destroyed_database_comes_back_at_the_next_start()
    {
        using (var database = NewDatabase())
        {
            await _app.StartAsync();
            database.Insert(50);
            await _app.StopAsync();
        }

        _app.DestroyDatabase();
        var restored = await _app.StartAsync();

        restored.Should().BeTrue();
        using var again = new AppDatabase(_directory);
        again.Scalar("SELECT count(*) FROM t").Should().Be(50);
    }

    [Fact]
    public async Task What_is_written_after_a_restore_is_replicated_too()
    {
        using (var database = NewDatabase())
        {
            await _app.StartAsync();
            database.Insert(5);
            await _app.StopAsync();
        }

        _app.DestroyDatabase();
        await _app.StartAsync();
        using var again = new AppDatabase(_directory);
        again.Insert(1);
        await _app.SyncAsync();
        await _app.RestoreAsync(_directory.File("copy.db"));

        (await SqliteShell.CountAsync(_directory.File("copy.db"), "t")).Should().Be(6);
        _app.Status.GenerationReason.Should().Be("Restored");
    }

    [Fact]
    public async Task Checkpoints_and_restarts_of_the_wal_lose_nothing()
    {
        _app.Options.MinCheckpointPages = 20;
        _app.Options.MaxCheckpointPages = 60;
        using var database = NewDatabase();
        await _app.StartAsync();

        for (var round = 0; round < 30; round++)
        {
            database.Insert(20, 2000);
            var position = await _app.SyncAsync();
            if (round % 6 == 5)
            {
                var copy = _directory.File($"copy{round}.db");
                (await _app.RestoreAsync(copy, options => options.Position = position)).Position.Should().Be(position);
                (await SqliteShell.CountAsync(copy, "t")).Should().Be(20 * (round + 1));
            }
        }

        _app.Status.Position.Index.Should().BePositive();
        await _app.RestoreAsync(_directory.File("latest.db"));
        await ShouldEqualAsync("latest.db", database);
    }

    [Fact]
    public async Task A_restart_goes_on_in_the_same_generation()
    {
        _app.ReleaseOnStop = false;
        using var database = NewDatabase();
        await _app.StartAsync();
        database.Insert(10);
        var before = await _app.SyncAsync();
        await _app.StopAsync();
        database.Insert(10);
        await _app.StartAsync();
        database.Insert(10);

        var after = await _app.SyncAsync();

        after.Generation.Should().Be(before.Generation);
        await _app.RestoreAsync(_directory.File("copy.db"));
        await ShouldEqualAsync("copy.db", database);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_database_that_nobody_writes_to_is_not_uploaded_again_at_every_start(bool release)
    {
        using (var database = NewDatabase())
        {
            await _app.StartAsync();
            database.Insert(5);
            await _app.StopAsync();
        }

        _app.DestroyDatabase();
        _app.ReleaseOnStop = release;
        await _app.StartAsync();
        var restored = await _app.SyncAsync();
        for (var start = 0; start < 3; start++)
        {
            await _app.StopAsync();
            await _app.StartAsync();

            (await _app.SyncAsync()).Should().Be(restored);
        }

        using var again = new AppDatabase(_directory);
        again.Insert(1);
        (await _app.SyncAsync()).Generation.Should().Be(restored.Generation);
        await _app.RestoreAsync(_directory.File("copy.db"));
        await ShouldEqualAsync("copy.db", again);
    }

    [Fact]
    public async Task A_database_without_a_wal_that_somebody_wrote_to_meanwhile_starts_a_new_generation()
    {
        using (var database = NewDatabase())
        {
            await _app.StartAsync();
            database.Insert(5);
            await _app.StopAsync();
        }

        _app.DestroyDatabase();
        await _app.StartAsync();
        var restored = await _app.SyncAsync();
        await _app.StopAsync();
        using (var meanwhile = new AppDatabase(_directory))
        {
            meanwhile.Insert(1);
        }

        await _app.StartAsync();

        (await _app.SyncAsync()).Generation.Should().NotBe(restored.Generation);
        await _app.RestoreAsync(_directory.File("copy.db"));
        (await SqliteShell.CountAsync(_directory.File("copy.db"), "t")).Should().Be(6);
    }

    [Fact]
    public async Task A_database_that_does_not_exist_yet_is_picked_up_when_it_does()
    {
        await _app.StartAsync();
        _app.Status.State.Should().Be(ReplicationState.WaitingForDatabase);

        using var database = NewDatabase();
        database.Insert(3);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _app.Engine.WaitForReplicationAsync(timeout.Token);

        await _app.RestoreAsync(_directory.File("copy.db"));
        await ShouldEqualAsync("copy.db", database);
    }

    [UnixFact]
    public async Task A_database_that_is_replaced_and_then_idle_is_replicated_without_anybody_asking()
    {
        using (var database = NewDatabase())
        {
            await _app.StartAsync();
            database.Insert(10);
            await _app.SyncAsync();
        }

        var before = _app.Status.Position.Generation;
        ReplaceDatabase(rows: 7);

        await EventuallyAsync(() => _app.Status.Replicas[0].Position is { IsEmpty: false } position && position.Generation != before);

        await _app.RestoreAsync(_directory.File("copy.db"));
        (await SqliteShell.CountAsync(_directory.File("copy.db"), "t")).Should().Be(7);
    }

    [Fact]
    public async Task A_database_that_comes_and_is_then_idle_is_replicated_without_anybody_asking()
    {
        await _app.StartAsync();

        using var database = NewDatabase();
        database.Insert(3);
        await EventuallyAsync(() => _app.Status.Replicas[0] is { Position.IsEmpty: false, Lag.Ticks: 0 });
        await EventuallyAsync(() => _app.Status.Replicas[0].Position.Covers(_app.Status.Position));

        await _app.RestoreAsync(_directory.File("copy.db"));
        await ShouldEqualAsync("copy.db", database);
    }

    [Fact]
    public async Task A_database_that_is_locked_at_the_start_is_captured_as_soon_as_it_is_not()
    {
        _app.Options.BusyTimeout = TimeSpan.FromMilliseconds(20);
        using var database = new AppDatabase(_directory, wal: false);
        database.Execute("CREATE TABLE t(x)");
        database.Execute("BEGIN EXCLUSIVE");

        await _app.StartAsync();

        _app.Status.State.Should().Be(ReplicationState.Retrying);
        _app.Status.LastError.Should().Contain(_app.DatabasePath);
        database.Execute("INSERT INTO t VALUES(1)");
        database.Execute("COMMIT");
        await EventuallyAsync(() => _app.Status.State == ReplicationState.Replicating);
        await _app.SyncAsync();
        await _app.RestoreAsync(_directory.File("copy.db"));
        (await SqliteShell.CountAsync(_directory.File("copy.db"), "t")).Should().Be(1);
    }

    [Fact]
    public async Task A_second_engine_waits_for_the_first_and_takes_over()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        database.Insert(10);
        await using var second = new ReplicatedApp(_directory);
        await second.StartAsync();
        second.Status.State.Should().Be(ReplicationState.WaitingForOtherProcess);
        var before = await _app.SyncAsync();

        await _app.StopAsync();
        database.Insert(10);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var after = await second.Engine.WaitForReplicationAsync(timeout.Token);

        after.Generation.Should().Be(before.Generation);
        await second.RestoreAsync(_directory.File("copy.db"));
        await ShouldEqualAsync("copy.db", database);
    }

    [Fact]
    public async Task The_schema_of_the_application_stays_as_it_was()
    {
        using var database = NewDatabase();
        var before = await SqliteShell.QueryAsync(database.Path, "SELECT * FROM sqlite_schema;");

        await _app.StartAsync();
        database.Insert(100, 3000);
        await _app.SyncAsync();
        await _app.StopAsync();

        (await SqliteShell.QueryAsync(database.Path, "SELECT * FROM sqlite_schema;")).Should().Be(before);
    }

    [UnixFact]
    public async Task A_database_that_is_replaced_goes_on_in_a_new_generation()
    {
        using (var database = NewDatabase())
        {
            await _app.StartAsync();
            database.Insert(10);
            await _app.SyncAsync();
        }

        ReplaceDatabase(rows: 77);
        _app.Engine.NotifyChanged();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _app.Engine.WaitForReplicationAsync(timeout.Token);

        _app.Status.GenerationReason.Should().Be("DatabaseReplaced");
        await _app.RestoreAsync(_directory.File("copy.db"));
        (await SqliteShell.CountAsync(_directory.File("copy.db"), "t")).Should().Be(77);
    }

    /// <summary>For what happens by itself: polls, with a bound that only a failure reaches.</summary>
    private static async Task EventuallyAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            await poll.WaitForNextTickAsync(timeout.Token);
        }
    }

    /// <summary>Puts another database at the path, as a deploy or a restore by hand does.</summary>
    private void ReplaceDatabase(int rows)
    {
        using (var other = new AppDatabase(_directory, "other.db"))
        {
            other.Execute("CREATE TABLE t(x)");
            other.Insert(rows);
            other.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        File.Delete(_app.DatabasePath + "-wal");
        File.Delete(_app.DatabasePath + "-shm");
        File.Move(_directory.File("other.db"), _app.DatabasePath, overwrite: true);
    }

    private AppDatabase NewDatabase()
    {
        var database = new AppDatabase(_directory);
        database.Execute("CREATE TABLE IF NOT EXISTS t(x)");
        return database;
    }

    private async Task ShouldEqualAsync(string copy, AppDatabase database)
    {
        var path = _directory.File(copy);
        (await SqliteShell.IntegrityCheckAsync(path)).Trim().Should().Be("ok");
        (await SqliteShell.DumpHashAsync(path)).Should().Be(await SqliteShell.DumpHashAsync(database.Path));
    }
}
