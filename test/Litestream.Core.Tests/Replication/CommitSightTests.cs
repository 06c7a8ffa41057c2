using Litestream.Testing;
using Microsoft.Data.Sqlite;

namespace Litestream.Replication;

/// <summary>The number that tells whether anything was committed: never the same across a commit.</summary>
public sealed class CommitSightTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _directory = new();
    private readonly ReplicatedApp _app;

    public CommitSightTests() => _app = new ReplicatedApp(_directory);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task It_stays_while_nothing_is_committed()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        await _app.SyncAsync();
        var before = Sequence();

        database.Scalar("SELECT count(*) FROM t").Should().Be(0);
        database.Execute("BEGIN");
        database.Execute("INSERT INTO t VALUES(1)");
        database.Execute("ROLLBACK");
        await _app.SyncAsync();

        HasCommittedSince(before).Should().BeFalse();
    }

    [Fact]
    public async Task It_changes_with_every_commit_whatever_becomes_of_the_wal()
    {
        _app.Options.MinCheckpointPages = 5;
        using var database = NewDatabase();
        using var other = database.Open();
        await _app.StartAsync();

        // A checkpoint that cannot have the whole WAL is to give up at once.
        database.Execute("PRAGMA busy_timeout=0");
        string[] checkpoints = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"];

        for (var i = 0; i < 400; i++)
        {
            var before = Sequence();
            AppDatabase.Execute(i % 3 == 0 ? other : database.Connection, "INSERT INTO t VALUES(randomblob(3000))");
            HasCommittedSince(before).Should().BeTrue();
            if (i % 7 == 0)
            {
                database.Execute($"PRAGMA wal_checkpoint({checkpoints[i / 7 % 4]})");
            }

            if (i % 50 == 0)
            {
                await _app.SyncAsync();
            }
        }
    }

    [Fact]
    public async Task A_statement_that_is_not_read_to_its_end_counts_once_it_is_committed()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        var before = Sequence();

        using (var command = database.Connection.CreateCommand())
        {
            command.CommandText = "INSERT INTO t VALUES(1) RETURNING rowid";
            command.ExecuteScalar();
        }

        HasCommittedSince(before).Should().BeTrue();
    }

    [Fact]
    public async Task Another_process_counts()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        var before = Sequence();

        await SqliteShell.QueryAsync(database.Path, "INSERT INTO t VALUES(1);");

        HasCommittedSince(before).Should().BeTrue();
    }

    [Fact]
    public async Task A_database_that_is_not_there_has_no_commits_until_it_is()
    {
        await _app.StartAsync();
        var before = Sequence();
        HasCommittedSince(before).Should().BeFalse();

        using var database = NewDatabase();

        HasCommittedSince(before).Should().BeTrue();
        await WaitUntilReplicatingAsync();
        var opened = Sequence();
        HasCommittedSince(opened).Should().BeFalse();
        database.Insert(1);
        HasCommittedSince(opened).Should().BeTrue();
    }

    [UnixFact]
    public async Task A_database_that_was_replaced_is_never_taken_for_unchanged()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        await _app.SyncAsync();
        using (var next = new AppDatabase(_directory, "next.db"))
        {
            next.Execute("CREATE TABLE t(a)");
        }

        File.Delete(database.Path + "-wal");
        File.Delete(database.Path + "-shm");
        File.Move(_directory.File("next.db"), database.Path, overwrite: true);
        using var connection = new SqliteConnection($"Data Source={database.Path};Pooling=False");
        connection.Open();
        for (var i = 0; i < 200; i++)
        {
            var before = Sequence();
            AppDatabase.Execute(connection, "INSERT INTO t VALUES(1)");
            HasCommittedSince(before).Should().BeTrue();
        }
    }

    [UnixFact]
    public void A_time_of_creation_that_moves_is_taken_anew_once_the_file_is_known_to_be_the_same()
    {
        using var database = NewDatabase();
        using var connection = Sqlite.DatabaseConnection.Open(database.Path, Patience);
        connection.EnsureWalMode();
        connection.BeginRead();
        var pointer = Sqlite.WalIndex.Attach(connection).Pointer;
        var sight = new CommitSight(database.Path);
        sight.Open(pointer, () => false);
        var before = sight.Read();
        sight.HasCommittedSince(before).Should().BeFalse();

        File.Move(database.Path, database.Path + ".old");
        File.WriteAllText(database.Path, "");
        sight.HasCommittedSince(before).Should().BeTrue();
        sight.Open(pointer, () => false);

        sight.HasCommittedSince(before).Should().BeFalse();
        sight.Close();
    }

    [Fact]
    public async Task While_another_process_replicates_it_tells_all_the_same()
    {
        using var database = NewDatabase();
        await using var other = new ReplicatedApp(_directory);
        await other.StartAsync();
        await _app.StartAsync();
        _app.Status.State.Should().Be(ReplicationState.WaitingForOtherProcess);
        var before = Sequence();

        HasCommittedSince(before).Should().BeFalse();
        database.Insert(1);

        HasCommittedSince(before).Should().BeTrue();
    }

    [Fact]
    public async Task After_the_stop_it_cannot_tell_and_says_so()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        var engine = _app.Engine;
        await _app.StopAsync();

        engine.HasCommittedSince(engine.GetCommitSequence()).Should().BeTrue();
    }

    [Fact]
    public async Task It_may_be_asked_by_many_while_the_database_is_closed_and_opened()
    {
        using var database = NewDatabase();
        for (var round = 0; round < 10; round++)
        {
            await _app.StartAsync();
            var engine = _app.Engine;
            using var stop = new CancellationTokenSource();
            var threads = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    while (!stop.IsCancellationRequested)
                    {
                        engine.HasCommittedSince(engine.GetCommitSequence());
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)).ToList();

            database.Insert(2);
            await _app.StopAsync();
            await stop.CancelAsync();
            await Task.WhenAll(threads).WaitAsync(Patience);
        }
    }

    private long Sequence() => _app.Engine.GetCommitSequence();

    private bool HasCommittedSince(long sequence) => _app.Engine.HasCommittedSince(sequence);

    private async Task WaitUntilReplicatingAsync()
    {
        while (_app.Status.State != ReplicationState.Replicating)
        {
            await Task.Delay(10).WaitAsync(Patience);
        }
    }

    private AppDatabase NewDatabase()
    {
        var database = new AppDatabase(_directory);
        database.Execute("CREATE TABLE t(a)");
        return database;
    }
}
