using Litestream.Shadow;
using Litestream.Testing;
using Litestream.Testing.Capture;
using Microsoft.Data.Sqlite;

namespace Litestream.Core.Tests.Shadow;

/// <summary>
/// What a database goes through in ordinary life while our mark is on read lock 0, of a WAL that is empty or wholly in the
/// database: the WAL restarts, once, nothing is missed, and so no generation starts.
/// </summary>
public sealed class LegalRestartTests : CaptureTest
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_migrations_with_checkpoints_after_each_statement(bool isEmpty)
    {
        var capture = OnLockZero(isEmpty);
        App.Execute("PRAGMA wal_autocheckpoint=1");

        App.Execute("CREATE TABLE u(a INTEGER PRIMARY KEY, b)");
        App.Execute("BEGIN; INSERT INTO u VALUES(1, 2); ALTER TABLE u ADD COLUMN c; UPDATE u SET c = 3; COMMIT");
        App.Execute("PRAGMA user_version=7");
        App.Execute("PRAGMA user_version=7");
        App.Execute("UPDATE u SET c = 3");
        App.Execute("UPDATE u SET c = 3");
        App.Execute("BEGIN; DELETE FROM u; ROLLBACK");
        App.Execute("BEGIN IMMEDIATE; COMMIT");
        App.Execute("VACUUM");

        Demand(capture, commits: 5);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_two_processes_that_checkpoint_and_change_the_journal_mode(bool isEmpty)
    {
        var capture = OnLockZero(isEmpty);
        await using var other = await OtherProcess.StartAsync(App.Path);
        await other.ExecuteAsync("PRAGMA busy_timeout=0");
        App.Execute("PRAGMA busy_timeout=0");
        string[] checkpoints = ["TRUNCATE", "TRUNCATE", "RESTART", "FULL", "PASSIVE"];
        foreach (var mode in checkpoints)
        {
            await other.ExecuteAsync($"PRAGMA wal_checkpoint({mode})");
        }

        foreach (var mode in checkpoints)
        {
            await other.ExecuteAsync("INSERT INTO t VALUES(1)");
            await other.ExecuteAsync($"PRAGMA wal_checkpoint({mode})");
            App.Insert(1);
            App.Execute($"PRAGMA wal_checkpoint({mode})");
            await other.ExecuteAsync("PRAGMA journal_mode=delete");
            await other.ExecuteAsync("PRAGMA journal_mode=wal");
        }

        Demand(capture, commits: 10);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public unsafe void Of_a_WAL_index_that_is_built_anew_because_a_writer_was_killed(bool isEmpty, bool committed)
    {
        var capture = OnLockZero(isEmpty);
        App.Insert(committed ? 2 : 0);
        capture.Marks.Index.TryRead(out var before).Should().BeTrue();

        // SQLite writes the second copy of the header, then the first: here it got no further than a part of the second.
        var words = (uint*)capture.Sync.WalIndexPointer;
        words[12 + 2]++;
        words[12 + 4]++;
        capture.RunOnce();
        capture.Marks.Index.TryRead(out var after).Should().BeTrue();
        App.Insert(1);

        after.ChangeCounter.Should().BeLessThan(before.ChangeCounter, "it counts from 0 again");
        Demand(capture, committed ? 3 : 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_writers_that_are_killed_or_close(bool isEmpty)
    {
        var capture = OnLockZero(isEmpty);
        App.Close();
        await using (var killed = await OtherProcess.StartAsync(App.Path))
        {
            await killed.ExecuteAsync("INSERT INTO t VALUES(1)");
            await killed.ExecuteAsync("PRAGMA cache_size=1");
            await killed.ExecuteAsync("BEGIN");
            await killed.ExecuteAsync("INSERT INTO t SELECT randomblob(3000) FROM pragma_function_list");
            await killed.KillAsync();
        }

        await using (var closed = await OtherProcess.StartAsync(App.Path))
        {
            await closed.ExecuteAsync("INSERT INTO t VALUES(2)");
            await closed.CloseAsync();
        }

        Demand(capture, commits: 2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_the_last_connection_of_the_application_and_of_hosts_that_follow_one_another(bool isEmpty)
    {
        var capture = OnLockZero(isEmpty);
        App.Close();
        capture.HandOver();
        using (var app = App.Open())
        {
            AppDatabase.Execute(app, "INSERT INTO t VALUES(1)");
            AppDatabase.Execute(app, "PRAGMA wal_checkpoint(TRUNCATE)");
        }

        App.Close();
        capture.HandOver();

        Demand(capture, commits: 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_transactions_that_are_padded_with_more_commits(bool isEmpty)
    {
        var capture = OnLockZero(isEmpty);
        using (var padded = new SqliteConnection($"Data Source=file:{App.Path}?psow=0;Pooling=False"))
        {
            padded.Open();
            AppDatabase.Execute(padded, "PRAGMA synchronous=FULL");
            AppDatabase.Execute(padded, "INSERT INTO t VALUES(1)");
            AppDatabase.Execute(padded, "INSERT INTO t VALUES(2)");
        }

        capture.Compare();
        capture.Image.Commits.Should().BeGreaterThan(2, "or nothing was padded");
        capture.Reasons.Should().HaveCount(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_a_generation_that_is_asked_for(bool isEmpty)
    {
        var capture = OnLockZero(isEmpty);
        App.Insert(1);
        App.Execute("PRAGMA busy_timeout=0");
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");

        capture.Sync.RequestNewGeneration(capture.Generation, GenerationReason.ReplicaHoled, "the test asks for it");
        capture.RunOnce();
        App.Insert(2);

        capture.Compare();
        capture.Compare();
        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.ReplicaHoled);
    }

    /// <param name="isCommitted">Else the writer has only spilled when it is looked at: the new WAL has no frame yet.</param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_a_WAL_that_restarts_before_the_first_frame_of_a_generation_was_copied(bool isCommitted)
    {
        App.Execute("PRAGMA wal_checkpoint(PASSIVE)");
        App.Execute("PRAGMA cache_size=10");
        var pauses = 0;
        var capture = Capture(new WalSyncSettings
        {
            CheckpointInterval = TimeSpan.Zero,
            Pause = () =>
            {
                if (++pauses == 2) // between the header and the frames
                {
                    App.Execute("BEGIN; INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT randomblob(900) FROM n");
                    App.Execute(isCommitted ? "COMMIT" : "SELECT 1");
                }
            },
        }).Start();
        pauses.Should().BeGreaterThan(2);
        App.Execute(isCommitted ? "SELECT 1" : "COMMIT");

        capture.RunOnce();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet);
        capture.Index.Should().Be(0, "no index may be left without a WAL");
        App.Insert(2);
        capture.Compare();
        capture.Reasons.Should().HaveCount(1);
    }

    [Fact]
    public void An_idle_pass_over_an_empty_WAL_allocates_nothing()
    {
        var capture = OnLockZero(isEmpty: true);

        Allocations.Least(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                capture.Sync.RunOnce();
            }
        }).Should().Be(0);
    }

    private CaptureFixture OnLockZero(bool isEmpty)
    {
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        App.Insert(5);
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var capture = Capture(Eager).Start();
        if (!isEmpty)
        {
            App.Insert(3);
            capture.RunOnce();
        }

        capture.Compare();
        capture.Marks.Mark.MayBeOnLockZero.Should().BeTrue();
        (capture.Sync.State!.Salts is null).Should().Be(isEmpty);
        return capture;
    }

    /// <summary>All of it is captured, and goes on being so over a few more restarts.</summary>
    private void Demand(CaptureFixture capture, int commits)
    {
        var before = capture.Image.Commits;
        capture.Compare();
        (capture.Image.Commits - before).Should().Be(commits);
        for (var i = 0; i < 3; i++)
        {
            capture.RunOnce();
            using var app = App.Open();
            AppDatabase.Execute(app, "INSERT INTO t VALUES('more')");
            capture.Compare();
        }

        capture.Reasons.Should().HaveCount(1);
    }
}
