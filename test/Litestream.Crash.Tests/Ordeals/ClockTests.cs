using System.Diagnostics;
using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>Somebody sets the clock of the machine while the application runs; a folder's files are dated by it.</summary>
public sealed class ClockTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private readonly SettableTime _time = new(TimeProvider.System);
    private readonly AppDatabase _database;
    private readonly ReplicatedApp _app;
    private volatile bool _storeIsDown;

    public ClockTests()
    {
        _database = new AppDatabase(_directory);
        _app = new ReplicatedApp(_directory, client => new DatedReplicaClient(client, _directory.File("replica"), _time)
        {
            BeforeWrite = () => _storeIsDown ? throw new ReplicaException("The store is down.", innerException: null, isTransient: true) : Task.CompletedTask,
        })
        {
            Time = _time,
        };
        _app.Options.CheckpointInterval = TimeSpan.FromMilliseconds(50);
        _app.Options.MinCheckpointPages = 10;
        _app.ReplicaOptions.SnapshotInterval = null;
        _app.ReplicaOptions.Retention = TimeSpan.FromSeconds(1);
        _app.ReplicaOptions.RetentionCheckInterval = TimeSpan.FromMilliseconds(50);
    }

    private List<string> Snapshots => [.. Directory.EnumerateFiles(_app.ReplicaPath, "*.snapshot.lz4", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    public async Task InitializeAsync()
    {
        Ledger.Create(_database.Connection);
        await _app.StartAsync();
        await CommitAsync();
    }

    public async Task DisposeAsync()
    {
        await _app.DisposeAsync();
        _database.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(30)]
    [InlineData(-30)]
    public async Task Set_by_days_and_back_again_it_makes_no_backup_older_than_it_is(int days)
    {
        while (Snapshots.Count < 4)
        {
            await SnapshotAsync();
        }

        var snapshots = Snapshots;
        foreach (var ahead in new[] { days, 0 })
        {
            _time.Ahead = TimeSpan.FromDays(ahead);
            await CommitAsync();
            await SnapshotAsync();
            await LookedAtAsync();
        }

        Snapshots.Should().Contain(snapshots).And.HaveCount(snapshots.Count + 2, "none of it is older than a minute");
        _app.Status.Replicas[0].Warning.Should().BeNull();
        await HoldsAllAsync();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public async Task Set_by_days_it_neither_hides_an_outage_nor_makes_it_one_of_days(int days)
    {
        _storeIsDown = true;
        Ledger.Append(_database.Connection, "while the store is down");
        await UntilAsync(() => _app.Status.Replicas[0].State == ReplicationState.Retrying);

        _time.Ahead = TimeSpan.FromDays(days);

        await UntilAsync(() => _app.Status.Replicas[0].Lag >= TimeSpan.FromMilliseconds(300));
        _app.Status.Replicas[0].Lag.Should().BeLessThan(TimeSpan.FromHours(1));
        _app.Status.Overdue.Should().BeLessThan(TimeSpan.FromHours(1));
        _storeIsDown = false;
        await UntilAsync(() => _app.Status.Replicas[0] is { State: ReplicationState.Replicating, Lag.Ticks: 0 });
        await HoldsAllAsync();
    }

    private async Task CommitAsync()
    {
        for (var i = 0; i < 20; i++)
        {
            Ledger.Append(_database.Connection, "an entry".PadRight(500, 'x'));
        }

        await _app.SyncAsync();
    }

    private async Task SnapshotAsync()
    {
        // An index has room for one, so until the WAL has started over.
        for (var before = Snapshots.Count; Snapshots.Count == before;)
        {
            await CommitAsync();
            using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            await _app.Engine.SnapshotAsync(replica: null, timeout.Token);
        }
    }

    /// <summary>Retention has looked twice at what there is now.</summary>
    private async Task LookedAtAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            // A snapshot that is new makes it look.
            var before = _app.Status.Replicas[0].LastCheckedAt;
            var watch = Stopwatch.StartNew();
            await UntilAsync(() => _app.Status.Replicas[0].LastCheckedAt != before || watch.Elapsed > TimeSpan.FromSeconds(2));
        }
    }

    private async Task HoldsAllAsync()
    {
        await _app.SyncAsync();
        await _app.RestoreAsync(_directory.File("copy.db"), options => options.IntegrityCheck = IntegrityCheck.Full);
        Ledger.Check(_directory.File("copy.db")).Should().HaveCount(Ledger.Count(_database.Connection));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var patience = Stopwatch.StartNew(); !condition();)
        {
            patience.Elapsed.Should().BeLessThan(TimeSpan.FromMinutes(1));
            await Task.Delay(10);
        }
    }
}
