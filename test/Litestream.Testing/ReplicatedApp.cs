using Litestream.Hosting;
using Litestream.Replication;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.Testing;

/// <summary>
/// A database in a folder of its own with the real engine over it, replicated to a folder beside it, stepped without a
/// host: what an application that uses this library does, in one object.
/// </summary>
public sealed class ReplicatedApp : IAsyncDisposable
{
    private readonly Func<IReplicaClient, IReplicaClient> _wrap;
    private IDatabaseEngine? _engine;

    public ReplicatedApp(TempDirectory directory, Func<IReplicaClient, IReplicaClient>? wrap = null, string name = "app.db")
    {
        _wrap = wrap ?? (client => client);
        DatabasePath = directory.File(name);
        ReplicaPath = directory.File("replica");
        MetaPath = directory.File($".{name}-litestream-net");
        Time = TimeProvider.System;
    }

    public string DatabasePath { get; }

    public string ReplicaPath { get; init; }

    public string MetaPath { get; init; }

    public TimeProvider Time { get; init; }

    /// <summary>Name of the database.</summary>
    public string Name { get; init; } = "app";

    public DatabaseOptions Options { get; } = new();

    public ReplicaOptions ReplicaOptions { get; } = new() { SyncInterval = TimeSpan.FromMilliseconds(20) };

    /// <summary>Replicas besides the folder.</summary>
    public List<(string Name, IReplicaClient Client)> Others { get; } = [];

    public bool ReleaseOnStop { get; set; } = true;

    /// <summary>Shared with the other databases of a host; null for its own.</summary>
    internal HeavyWork? Heavy { get; set; }

    public FakeLogCollector Logs { get; } = new();

    public DatabaseStatus Status => Engine.GetStatus();

    internal IDatabaseEngine Engine => _engine ?? throw new InvalidOperationException("Not started.");

    /// <summary>Starts the engine as the host does: restore what is missing, open, start the loops.</summary>
    public async Task<bool> StartAsync()
    {
        var definition = new DatabaseDefinition
        {
            Name = Name,
            Path = DatabasePath,
            MetaPath = MetaPath,
            Options = Options,
            Replicas =
            [
                new ReplicaDefinition("file", ReplicaOptions, _wrap(new FileReplicaClient(ReplicaPath))),
                .. Others.Select(other => new ReplicaDefinition(other.Name, ReplicaOptions, other.Client)),
            ],
            ReleaseOnStop = ReleaseOnStop,
        };
        _engine = new DatabaseEngineFactory(WalWatcher.Shared, Time, new CollectingLoggerFactory(Logs), heavy: Heavy).Create(definition);
        var restored = await _engine.RestoreMissingAsync(CancellationToken.None);
        await _engine.OpenAsync(CancellationToken.None);
        _engine.Start();
        return restored;
    }

    public async Task<ReplicationPosition> SyncAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await Engine.SyncAsync(timeout.Token);
    }

    public async Task StopAsync()
    {
        if (_engine is not null)
        {
            using var budget = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await _engine.StopAsync(letGo: false, budget.Token);
            await _engine.DisposeAsync();
            _engine = null;
        }
    }

    /// <summary>Restores the replica elsewhere, through a client of its own.</summary>
    public async Task<RestoreResult> RestoreAsync(string outputPath, Action<RestoreOptions>? configure = null)
    {
        await using var client = new FileReplicaClient(ReplicaPath);
        var options = new RestoreOptions { OutputPath = outputPath };
        configure?.Invoke(options);
        return await client.RestoreAsync(options);
    }

    /// <summary>Removes the database and what SQLite and this library keep beside it: a lost machine.</summary>
    public void DestroyDatabase()
    {
        SqliteConnection.ClearAllPools();
        foreach (var suffix in new[] { "", "-wal", "-shm" })
        {
            File.Delete(DatabasePath + suffix);
        }

        if (Directory.Exists(MetaPath))
        {
            Directory.Delete(MetaPath, recursive: true);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private sealed class CollectingLoggerFactory(FakeLogCollector logs) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => new FakeLogger(logs, categoryName);

        public void AddProvider(ILoggerProvider provider) => throw new InvalidOperationException("Not in tests.");

        public void Dispose()
        {
        }
    }
}
