using System.Diagnostics;
using Litestream.Testing;
using Microsoft.Data.Sqlite;

namespace Litestream.Hosting;

/// <summary>Two replicas of one live database: what happens to one is nothing to the other, nor to the capture.</summary>
public sealed class SeveralReplicasTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _directory = new();
    private readonly ReplicatedApp _app;
    private readonly GatedReplicaClient _second;
    private AppDatabase? _database;

    public SeveralReplicasTests()
    {
        _app = new ReplicatedApp(_directory);
        _second = new GatedReplicaClient(new FileReplicaClient(_directory.File("second")));
        _app.Others.Add(("second", _second));
        _app.Options.MinCheckpointPages = 20;
        _app.Options.CheckpointInterval = TimeSpan.FromMilliseconds(50);
    }

    private AppDatabase Database => _database!;

    [Fact]
    public async Task One_that_hangs_delays_neither_the_other_nor_the_capture_nor_the_writer()
    {
        await StartAsync();
        _second.Hang();

        for (var i = 0; i < 20; i++)
        {
            await OtherGoesOnAsync();
        }

        Replica("second").Position.Covers(Replica("file").Position).Should().BeFalse($"{Replica("second")} hangs");
        Replica("second").Lag.Should().BeGreaterThan(TimeSpan.Zero, $"{Replica("second")} hangs");
        _app.Status.State.Should().Be(ReplicationState.Replicating);
        _second.Open();
        await _app.SyncAsync();
        await ShouldBothRestoreAsync();
    }

    [Fact]
    public async Task One_that_fails_is_retried_and_the_other_notices_nothing()
    {
        await StartAsync();
        _second.Fail();
        Database.Insert(20);
        await UntilAsync(() => Replica("second").State == ReplicationState.Retrying, "it fails");

        for (var i = 0; i < 10; i++)
        {
            await OtherGoesOnAsync();
            Replica("file").State.Should().Be(ReplicationState.Replicating);
            Replica("file").LastError.Should().BeNull();
        }

        Replica("second").LastError.Should().Contain("second").And.Contain("The store is away");
        _second.Open();
        await _app.SyncAsync();
        await UntilAsync(() => Replica("second").State == ReplicationState.Replicating, "it works again");
        await ShouldBothRestoreAsync();
    }

    [Fact]
    public async Task The_shadow_is_kept_until_the_slower_one_has_it()
    {
        await StartAsync();
        _second.Hang();
        await WriteIndexesAsync(4);
        var generation = Replica("file").Position.Generation;
        var segments = Segments("second");
        var held = _app.Status.ShadowSize;

        _second.Open();
        await _app.SyncAsync();

        Segments("second").Should().HaveCountGreaterThan(segments.Length, "it went on where it was");
        Snapshots("second").Should().HaveCount(1);
        Replica("second").Position.Generation.Should().Be(generation);
        await ShouldBothRestoreAsync();
        await UntilAsync(
            () =>
            {
                _app.Engine.NotifyChanged();
                return _app.Status.ShadowSize < held / 2;
            },
            "what both have is removed");
    }

    [Fact]
    public async Task One_that_exceeds_the_shadow_rejoins_with_a_fresh_snapshot_and_the_other_notices_nothing()
    {
        _app.Options.ShadowLimit = 3_000_000;
        await StartAsync();
        var generation = Replica("file").Position.Generation;
        _second.Hang();
        for (var i = 0; i < 400 && !Logged("ShadowLimitReached"); i++)
        {
            Database.Insert(40);
            await Task.Delay(5);
        }

        Logged("ShadowLimitReached").Should().BeTrue();
        await WriteIndexesAsync(3);
        _app.Status.ShadowSize.Should().BeLessThan(3_000_000, "what nobody waits for any more is removed");

        _second.Open();
        await _app.SyncAsync();

        Replica("file").Position.Generation.Should().Be(generation, "the generation goes on");
        Replica("second").Position.Generation.Should().Be(generation);
        Snapshots("file").Should().HaveCount(1);
        Snapshots("second").Should().HaveCount(2);
        Database.Insert(30);
        await _app.SyncAsync();
        await ShouldBothRestoreAsync();
    }

    [Fact]
    public async Task Each_takes_its_snapshots_by_itself()
    {
        await StartAsync();
        await WriteIndexesAsync(1);
        await _app.SyncAsync();
        var hangs = new TaskCompletionSource();
        _second.BeforeWrite = async (key, token) =>
        {
            if (key.Contains("/snapshots/", StringComparison.Ordinal))
            {
                await hangs.Task.WaitAsync(token);
            }
        };

        var demand = _app.Engine.SnapshotAsync(null, default);
        await UntilAsync(() => Snapshots("file").Length == 2, "the first has its snapshot");
        Snapshots("second").Should().HaveCount(1);
        Database.Insert(20);
        await _app.SyncAsync();
        demand.IsCompleted.Should().BeFalse();

        hangs.SetResult();
        await demand.WaitAsync(Patience);
        Snapshots("second").Should().HaveCount(2);
        await ShouldBothRestoreAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _second.Open();
        await _app.DisposeAsync();
        _database?.Dispose();
        _directory.Dispose();
    }

    private async Task StartAsync()
    {
        _database = new AppDatabase(_directory);
        _database.Execute("CREATE TABLE t(a BLOB)");
        await _app.StartAsync();
        _database.Insert(20);
        await _app.SyncAsync();
    }

    private async Task OtherGoesOnAsync()
    {
        var before = Replica("file").Position;
        Database.Insert(20);
        await UntilAsync(
            () => Replica("file").Position is var position && position != before && position.Covers(_app.Status.Position), "the other goes on");
    }

    /// <summary>Writes until the WAL has started over so many times.</summary>
    private async Task WriteIndexesAsync(int count)
    {
        var until = _app.Status.Position.Index + count;
        for (var watch = Stopwatch.StartNew(); _app.Status.Position.Index < until;)
        {
            watch.Elapsed.Should().BeLessThan(Patience, "the WAL starts over once it is checkpointed");
            Database.Insert(10);
            await Task.Delay(5);
        }
    }

    private ReplicaStatus Replica(string name) => _app.Status.Replicas.Single(replica => replica.Name == name);

    private bool Logged(string name) => _app.Logs.GetSnapshot().Any(record => record.Id.Name == name);

    private string[] Snapshots(string replica) => Files(replica, "*.snapshot.lz4");

    private string[] Segments(string replica) => Files(replica, "*.wal.lz4");

    private string[] Files(string replica, string pattern) =>
        Directory.GetFiles(replica == "file" ? _app.ReplicaPath : _directory.File(replica), pattern, SearchOption.AllDirectories);

    private async Task ShouldBothRestoreAsync()
    {
        foreach (var folder in new[] { _app.ReplicaPath, _directory.File("second") })
        {
            var output = _directory.File($"restored-{Guid.NewGuid():n}.db");
            await using var client = new FileReplicaClient(folder);
            await client.RestoreAsync(new RestoreOptions { OutputPath = output, IntegrityCheck = IntegrityCheck.Full });
            using var restored = new SqliteConnection($"Data Source={output};Pooling=False");
            restored.Open();
            Text(restored).Should().Be(Text(Database.Connection), folder);
        }
    }

    private static string Text(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) || ' ' || coalesce(sum(length(a)), 0) || ' ' || coalesce(hex(max(a)), '') FROM t";
        return (string)command.ExecuteScalar()!;
    }

    private static async Task UntilAsync(Func<bool> condition, string because)
    {
        for (var watch = Stopwatch.StartNew(); !condition();)
        {
            watch.Elapsed.Should().BeLessThan(Patience, because);
            await Task.Delay(2);
        }
    }
}
