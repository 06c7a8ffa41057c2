using Litestream.Restore;
using Litestream.Storage;
using Litestream.Testing;
using Microsoft.Data.Sqlite;

namespace Litestream.Replication;

/// <summary>A database with a memory: what it held at which moment, and whether its replica still tells the same.</summary>
internal sealed class HistoryScene : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly List<(DateTimeOffset At, long Rows)> _states = [];
    private long _rows;

    public ReplicationScene Scene { get; } = new(pageSize: 512);

    public DateTimeOffset Now => Scene.Time.GetUtcNow();

    public DateTimeOffset LastCommitAt => _states[^1].At;

    /// <summary>Commits a row, and remembers when.</summary>
    public void Commit(int size = 40)
    {
        Scene.Insert(1, size);
        _rows++;
        _states.Add((Now, _rows));
    }

    /// <summary>The number of rows at a moment.</summary>
    public long RowsAt(DateTimeOffset moment)
    {
        var at = _states.FindLastIndex(state => state.At <= moment);
        return at < 0 ? 0 : _states[at].Rows;
    }

    public List<ReplicaObject> Snapshots() =>
        [.. Scene.Replica.Store.Objects.Where(item => ReplicaLayout.TryParseSnapshot(item.Key, out _))];

    /// <summary>Restores to a moment and says how many rows there were; each restored row must be one of the first so many.</summary>
    public async Task<long> RestoreAsync(DateTimeOffset? moment)
    {
        var path = _directory.File($"{Guid.NewGuid():n}.db");
        var options = new RestoreOptions { OutputPath = path, Timestamp = moment, IntegrityCheck = IntegrityCheck.Quick };
        await new RestoreRunner(Scene.Replica.Store, "memory", Scene.Logger, Scene.Time).RunAsync(options, default);
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*), coalesce(max(rowid), 0) FROM t";
        long rows;
        using (var reader = command.ExecuteReader())
        {
            reader.Read().Should().BeTrue();
            rows = reader.GetInt64(0);
            rows.Should().Be(reader.GetInt64(1), "rows are there from the first on");
        }

        connection.Close();
        File.Delete(path);
        return rows;
    }

    /// <summary>Removes from the shadow what a worker does not need, as the database's own loop does.</summary>
    public void Trim(ShadowClaim claim)
    {
        var capture = Scene.Capture;
        var head = capture.Head!.Position;
        var generations = capture.Generations;
        foreach (var generation in generations)
        {
            var needed = generation == head.Generation;
            foreach (var index in capture.IndexesOf(generation))
            {
                if ((generation != head.Generation || index < head.Index) && !claim.Needs(generations, generation, index))
                {
                    capture.Remove(generation, index);
                }
                else
                {
                    needed = true;
                }
            }

            if (!needed)
            {
                capture.ForgetGeneration(generation);
            }
        }
    }

    public void Dispose()
    {
        Scene.Dispose();
        _directory.Dispose();
    }
}
