using System.Diagnostics;
using Litestream.Testing;
using Microsoft.Data.Sqlite;

namespace Litestream.Crash.Ordeals;

/// <summary>
/// A disk without a byte left, a real one: the application is not held up wherever SQLite itself is not, the state says in
/// words what is wrong, and when there is room again all goes on by itself and nothing is missing.
/// </summary>
public sealed class FullDiskTests : IDisposable
{
    // Snapshots leave 64 MiB free in any case.
    private const int Megabytes = 100;
    private const int SqliteFull = 13;

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [MountFact]
    public async Task The_databases_own_disk()
    {
        await using var disk = await SmallDisk.MountAsync(Megabytes);
        using var folder = new TempDirectory(disk.Path);
        using var database = new AppDatabase(folder);
        await using var app = new ReplicatedApp(folder) { ReplicaPath = _directory.File("replica") };
        await BeginAsync(app, database);

        disk.Fill();
        var refused = FluentActions.Invoking(() => Commit(database, 100_000)).Should().Throw<SqliteException>().Which;
        refused.SqliteErrorCode.Should().Be(SqliteFull, "it is what SQLite says without anybody beside it");
        await Task.Delay(500);
        if (app.Status.State != ReplicationState.Replicating)
        {
            app.Status.LastError.Should().Contain("space");
        }

        disk.Free();
        Commit(database, 50);
        await app.SyncAsync();
        await HoldsAllAsync(app, database);
    }

    [MountFact]
    public async Task The_meta_directorys_disk()
    {
        await using var disk = await SmallDisk.MountAsync(Megabytes);
        using var database = new AppDatabase(_directory);
        await using var app = new ReplicatedApp(_directory) { MetaPath = Path.Combine(disk.Path, "meta") };
        await BeginAsync(app, database);

        disk.Fill();
        Commit(database, 500);
        await UntilAsync(app, status => status.State == ReplicationState.Retrying, "the copy has no room");
        app.Status.LastError.Should().Contain("space");
        app.Status.Replicas[0].Lag.Should().BePositive("nothing of it is on the replica");
        await GoesOnQuietlyAsync(app, database);

        disk.Free();
        await UntilAsync(app, IsWell, "it has room again");
        await HoldsAllAsync(app, database);
    }

    [MountFact]
    public async Task The_meta_directorys_disk_when_the_application_starts()
    {
        await using var disk = await SmallDisk.MountAsync(Megabytes);
        using var database = new AppDatabase(_directory);
        Ledger.Create(database.Connection);
        await using var app = new ReplicatedApp(_directory) { MetaPath = Path.Combine(disk.Path, "meta") };
        disk.Fill();

        await app.StartAsync();
        Commit(database, 100);
        await UntilAsync(app, status => status.State == ReplicationState.Retrying, "there is no room to begin");
        app.Status.LastError.Should().Contain("space");
        await GoesOnQuietlyAsync(app, database);

        disk.Free();
        await UntilAsync(app, IsWell, "it has room again");
        await HoldsAllAsync(app, database);
    }

    [MountFact]
    public async Task The_replicas_disk()
    {
        await using var disk = await SmallDisk.MountAsync(Megabytes);
        using var database = new AppDatabase(_directory);
        await using var app = new ReplicatedApp(_directory) { ReplicaPath = Path.Combine(disk.Path, "replica") };
        await BeginAsync(app, database);

        disk.Fill();
        Commit(database, 500);
        await UntilAsync(app, status => status.Replicas[0].State == ReplicationState.Retrying, "the replica has no room");
        app.Status.Replicas[0].LastError.Should().Contain("the disk is full");
        app.Status.State.Should().Be(ReplicationState.Replicating, "the capture goes on");
        await GoesOnQuietlyAsync(app, database);
        app.Status.Replicas[0].Lag.Should().BeGreaterThan(TimeSpan.FromSeconds(1));

        disk.Free();
        await UntilAsync(app, IsWell, "it has room again");
        await HoldsAllAsync(app, database);
    }

    private static bool IsWell(DatabaseStatus status) =>
        status is { State: ReplicationState.Replicating, Replicas: [{ State: ReplicationState.Replicating, Lag.Ticks: 0 } replica] }
        && status.Position == replica.Position;

    private static async Task BeginAsync(ReplicatedApp app, AppDatabase database)
    {
        Ledger.Create(database.Connection);
        await app.StartAsync();
        Commit(database, 100);
        await app.SyncAsync();
    }

    private static void Commit(AppDatabase database, int times)
    {
        for (var i = 0; i < times; i++)
        {
            Ledger.Append(database.Connection, $"{i} ".PadRight(300, 'x'));
        }
    }

    /// <summary>For a while nothing gets better: the application commits, and nobody is told again and again.</summary>
    private static async Task GoesOnQuietlyAsync(ReplicatedApp app, AppDatabase database)
    {
        var said = app.Logs.Count;
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(2))
        {
            Commit(database, 1);
            await Task.Delay(10);
        }

        // The delay grows from some hundred milliseconds on.
        app.Logs.Count.Should().BeLessThan(said + 10, string.Join('\n', app.Logs.GetSnapshot().Select(record => record.Message)));
    }

    private static async Task UntilAsync(ReplicatedApp app, Func<DatabaseStatus, bool> condition, string because)
    {
        var patience = Stopwatch.StartNew();
        while (!condition(app.Status))
        {
            patience.Elapsed.Should().BeLessThan(
                TimeSpan.FromMinutes(2), "{0}: {1}\n{2}", because, app.Status, string.Join('\n', app.Logs.GetSnapshot().Select(record => record.Message)));
            await Task.Delay(20);
        }
    }

    /// <summary>Nobody has asked for anything: what the status claims is there.</summary>
    private async Task HoldsAllAsync(ReplicatedApp app, AppDatabase database)
    {
        var count = Ledger.Count(database.Connection);
        await app.RestoreAsync(_directory.File("copy.db"), options => options.IntegrityCheck = IntegrityCheck.Full);
        Ledger.Check(_directory.File("copy.db")).Should().HaveCount(count);
        await app.StopAsync();
        database.Close();
        Ledger.Check(app.DatabasePath).Should().Equal(Ledger.Check(_directory.File("copy.db")));
    }
}
