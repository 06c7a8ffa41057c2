using Litestream.Replication;
using Litestream.Shadow;
using Litestream.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Benchmarks;

/// <summary>A real database with so much WAL, captured into a real local copy, as a replica's worker sees it.</summary>
internal sealed class CapturedSample : ICapturedDatabase, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("litestream-net-bench-").FullName;
    private readonly SqliteConnection _application;

    public CapturedSample(int walBytes)
    {
        var path = Path.Combine(_folder, "app.db");
        _application = new SqliteConnection($"Data Source={path};Pooling=False");
        _application.Open();
        Execute("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=OFF; CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)");
        var meta = new MetaDirectory(Path.Combine(_folder, "meta"), path);
        meta.Create();
        SpoolDirectory = meta.SpoolPath;
        Sync = new WalSync(
            path, meta, new ShadowWal(meta), new ReadMarks(() => DatabaseConnection.Open(path, TimeSpan.FromSeconds(1))), held: null,
            new WalSyncSettings { CheckpointInterval = TimeSpan.Zero, MinCheckpointPages = 1_000_000, MaxCheckpointPages = 1_000_000 },
            TimeProvider.System, NullLogger.Instance);
        Sync.Open();
        for (var wal = new FileInfo(path + "-wal"); wal.Length < walBytes; wal.Refresh())
        {
            Execute("INSERT INTO t (v) SELECT randomblob(1800) || printf('%.1900c', 'x') FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8))");
        }

        Sync.RunOnce();
    }

    public WalSync Sync { get; }

    public string Folder => _folder;

    public string Name => "app";

    public IShadow Shadow => Sync.Shadow;

    public string SpoolDirectory { get; }

    public Guid WriterId { get; } = Guid.NewGuid();

    /// <summary>Where a worker begins.</summary>
    public ReplicaCursor Start => new(Shadow.Head!.Position.Generation, Shadow.Head!.Position.Index, 0);

    public void Commit() => Execute("INSERT INTO t (v) VALUES (randomblob(500))");

    public Task<IDatabaseImage> OpenImageAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public void RequestNewGeneration(string generation, GenerationReason reason, string detail) => throw new NotSupportedException();

    public void Dispose()
    {
        Sync.Dispose();
        _application.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Execute(string statement)
    {
        using var command = _application.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }
}
