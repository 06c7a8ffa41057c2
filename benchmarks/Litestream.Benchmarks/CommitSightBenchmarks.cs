using BenchmarkDotNet.Attributes;
using Litestream.Replication;
using Litestream.Sqlite;
using Microsoft.Data.Sqlite;

namespace Litestream.Benchmarks;

/// <summary>What a request pays to know whether it changed the database.</summary>
[MemoryDiagnoser]
public class CommitSightBenchmarks
{
    private string _folder = "";
    private DatabaseConnection _connection = null!;
    private CommitSight _sight = null!;
    private string _path = "";

    [GlobalSetup]
    public void Setup()
    {
        _folder = Directory.CreateTempSubdirectory("litestream-net-bench-").FullName;
        _path = Path.Combine(_folder, "app.db");
        using (var app = new SqliteConnection($"Data Source={_path};Pooling=False"))
        {
            app.Open();
            using var command = app.CreateCommand();
            command.CommandText = "PRAGMA journal_mode=wal; CREATE TABLE t(a)";
            command.ExecuteNonQuery();
        }

        _connection = DatabaseConnection.Open(_path, TimeSpan.Zero);
        _connection.EnsureWalMode();
        _connection.BeginRead();
        _sight = new CommitSight(_path);
        _sight.Open(WalIndex.Attach(_connection).Pointer, _connection.HasMoved);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _sight.Close();
        _connection.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public long OnTheWayIn() => _sight.Read();

    /// <summary>Asks the operating system as well whether the file is still the same.</summary>
    [Benchmark]
    public bool OnTheWayOut() => _sight.HasCommittedSince(1);
}
