using Litestream.Shadow;
using Litestream.Sqlite;
using Litestream.Testing;
using Litestream.Testing.Capture;
using Litestream.Wal;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Core.Tests.Shadow;

/// <summary>How the WAL stays bounded, and what that costs the application.</summary>
public sealed class CheckpointTests : CaptureTest
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Completes_without_a_lock_and_lets_the_next_writer_restart_the_WAL()
    {
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 20, CheckpointInterval = TimeSpan.Zero }).Start();
        App.Insert(10);
        capture.RunOnce().Checkpoint.Should().BeNull("there is too little to do");
        App.Insert(30);

        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.Complete);

        Header(capture).MaxFrame.Should().BeGreaterThan(20);
        App.Insert(1);
        Header(capture).MaxFrame.Should().BeLessThan(5);
        capture.Compare();
    }

    [Fact]
    public void Comes_after_what_was_copied_can_be_read_and_uploaded()
    {
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 20, CheckpointInterval = TimeSpan.Zero }).Start();
        App.Insert(30);
        var size = new FileInfo(App.Path).Length;
        ReplicationPosition told = default;

        capture.Sync.RunOnce(() =>
        {
            told = capture.Shadow.Head!.Position;
            new FileInfo(App.Path).Length.Should().Be(size, "nothing has been checkpointed yet");
        }).Checkpoint.Should().Be(CheckpointOutcome.Complete);

        told.Should().Be(capture.Shadow.Head!.Position);
        new FileInfo(App.Path).Length.Should().BeGreaterThan(size);
    }

    [Fact]
    public void Comes_by_time_too_and_only_if_there_is_something_to_do()
    {
        var capture = Capture(new WalSyncSettings { CheckpointInterval = TimeSpan.FromMinutes(1) }, _time).Start();
        App.Insert(1);
        capture.RunOnce().Checkpoint.Should().BeNull();
        capture.Sync.NextDue().Should().Be(TimeSpan.FromMinutes(1));

        _time.Advance(TimeSpan.FromMinutes(1));
        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.Complete);

        capture.Sync.NextDue().Should().BeNull();
        _time.Advance(TimeSpan.FromHours(1));
        capture.RunOnce().Checkpoint.Should().BeNull();
    }

    [Fact]
    public void Takes_the_write_lock_for_a_moment_above_the_hard_limit_only()
    {
        using var writer = DatabaseConnection.Open(App.Path, TimeSpan.Zero);
        var refused = 0;
        var capture = Capture(new WalSyncSettings
        {
            MinCheckpointPages = 10,
            MaxCheckpointPages = 60,
            CheckpointInterval = TimeSpan.Zero,
            Pause = () =>
            {
                // A writer who commits in every gap there is: without the lock no checkpoint can ever be complete.
                try
                {
                    writer.Execute("INSERT INTO t VALUES(1)");
                }
                catch (SqliteFailure failure) when (failure.PrimaryCode == 5)
                {
                    refused++;
                }
            },
        }).Start();
        App.Insert(15);

        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.Partial);
        refused.Should().Be(0);
        App.Insert(50);
        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.CompleteUnderLock);

        refused.Should().BeGreaterThan(0, "or the write lock was not held");
        capture.Compare();
        capture.Index.Should().Be(1);
        capture.Reasons.Should().HaveCount(1);
        writer.Execute("INSERT INTO t VALUES(2)");
    }

    [Fact]
    public void A_long_reader_keeps_the_WAL_from_restarting_and_causes_no_storm_of_checkpoints()
    {
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 10, MaxCheckpointPages = 30, CheckpointInterval = TimeSpan.FromMinutes(1) }, _time).Start();
        App.Insert(5);
        using var reader = new DatabaseReader(App.Path);
        reader.Begin();
        App.Insert(100);
        var checkpoints = 0;

        for (var i = 0; i < 100; i++)
        {
            App.Insert(1);
            checkpoints += capture.RunOnce().Checkpoint is null ? 0 : 1;
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        checkpoints.Should().BeInRange(1, 20, "one for every 10 new pages, or every second, and no more");
        capture.Index.Should().Be(0);
        for (var i = 0; i < 100; i++)
        {
            checkpoints += capture.RunOnce().Checkpoint is null ? 0 : 1;
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        checkpoints.Should().BeLessThan(23, "nothing is written any more");
        reader.End();
        _time.Advance(TimeSpan.FromMinutes(1));
        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.Complete);
        App.Insert(1);
        capture.Compare();
        capture.Index.Should().Be(1);
    }

    [Fact]
    public void A_writer_in_the_middle_of_a_transaction_keeps_nobody_waiting()
    {
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 10, CheckpointInterval = TimeSpan.Zero }).Start();
        App.Insert(20);
        using var other = App.Open();
        AppDatabase.Execute(other, "BEGIN IMMEDIATE");
        AppDatabase.Execute(other, "INSERT INTO t VALUES(1)");

        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.Complete);

        AppDatabase.Execute(other, "COMMIT");
        capture.Compare();
        capture.Reasons.Should().HaveCount(1);
    }

    [Fact]
    public void A_WAL_that_cannot_be_verified_is_emptied_and_costs_one_generation()
    {
        var capture = Capture(time: _time).Start();
        App.Insert(5);
        capture.Compare();
        App.Insert(2);
        var header = Header(capture);
        Unsign(header, frame: header.MaxFrame - 1);

        capture.RunOnce().Moved.Should().BeTrue();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalOverwritten);
        capture.Compare();
        App.Insert(3);
        capture.Compare();
        capture.Reasons.Should().HaveCount(2);
        App.Scalar("SELECT count(*) FROM t").Should().Be(10);
    }

    [Fact]
    public void A_WAL_that_cannot_be_verified_nor_emptied_costs_one_generation_too()
    {
        var capture = Capture(time: _time).Start();
        App.Insert(5);
        capture.Compare();
        using var reader = new DatabaseReader(App.Path);
        reader.Begin();
        App.Insert(2);
        var header = Header(capture);
        Unsign(header, frame: header.MaxFrame - 1);

        for (var i = 0; i < 5; i++)
        {
            capture.Invoking(c => c.RunOnce()).Should().Throw<LitestreamException>().Which.IsTransient.Should().BeTrue();
            capture.Invoking(c => c.Rebase()).Should().Throw<LitestreamException>().Which.IsTransient.Should().BeTrue();
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        capture.Meta.Generations().Should().HaveCount(2);
        reader.End();
        capture.RunOnce();
        App.Insert(3);
        capture.Compare();
        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalOverwritten);
        App.Scalar("SELECT count(*) FROM t").Should().Be(10);
    }

    private static WalIndexHeader Header(CaptureFixture capture) =>
        capture.Marks.Index.TryRead(out var header) ? header : throw new InvalidOperationException("The wal-index is torn.");

    /// <summary>What SQLite 3.40.1 commits after the rollback of a savepoint: a frame without salts and checksum.</summary>
    private void Unsign(WalIndexHeader header, uint frame)
    {
        Span<byte> nothing = stackalloc byte[16];
        using var wal = File.OpenHandle(WalPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.Write(wal, nothing, WalFormat.EndOfFrame(frame - 1, header.PageSize) + 8);
    }
}
