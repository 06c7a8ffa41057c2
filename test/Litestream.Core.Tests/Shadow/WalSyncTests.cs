using System.Buffers.Binary;
using Litestream.Shadow;
using Litestream.Sqlite;
using Litestream.Testing;
using Litestream.Wal;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Core.Tests.Shadow;

public sealed class WalSyncTests : CaptureTest
{
    [Fact]
    public void Captures_what_is_committed()
    {
        var capture = Capture().Start();
        capture.Compare();
        var before = capture.Shadow.Head!;

        App.Insert(3);

        capture.Compare().Moved.Should().BeTrue();
        capture.Shadow.Head!.Sequence.Should().BeGreaterThan(before.Sequence);
        capture.Shadow.Head.Position.Offset.Should().BeGreaterThan(before.Position.Offset);
        capture.Image.Commits.Should().Be(3);
        capture.Reasons.Should().Equal(GenerationReason.NoneYet);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(2048)]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(16384)]
    [InlineData(32768)]
    [InlineData(65536)]
    public void Captures_every_page_size(int pageSize)
    {
        NewApp("sized.db", pageSize);
        var capture = Capture(Eager).Start();

        for (var i = 0; i < 6; i++)
        {
            App.Insert(5, size: 3000);
            capture.Compare();
            capture.RunOnce();
        }

        capture.Image.PageSize.Should().Be(pageSize);
        capture.Image.Restarts.Should().BeGreaterThan(2);
        capture.Reasons.Should().HaveCount(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Captures_a_database_that_shrinks(int autoVacuum)
    {
        NewApp("shrinking.db", 1024, autoVacuum);
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 200, CheckpointInterval = TimeSpan.Zero }).Start();
        App.Insert(100, size: 1000);
        capture.Compare();
        var full = capture.Image.Bytes.Length;

        for (var i = 0; i < 5; i++)
        {
            App.Execute("DELETE FROM t WHERE rowid % 3 = 0");
            App.Execute("PRAGMA incremental_vacuum(7)");
            capture.Compare();
            App.Execute("VACUUM");
            capture.Compare();
            App.Insert(3, size: 900);
            capture.RunOnce();
        }

        capture.Image.Bytes.Length.Should().BeLessThan(full);
        capture.Reasons.Should().HaveCount(1);
    }

    [Fact]
    public void Captures_transactions_that_spill_roll_back_and_have_savepoints()
    {
        var capture = Capture().Start();
        capture.Compare();
        App.Execute("PRAGMA cache_size=2");

        App.Execute("BEGIN");
        App.Insert(200, size: 2000);
        var spilled = capture.Marks.File.WalSize();
        capture.RunOnce().Moved.Should().BeFalse("nothing is committed yet");
        capture.Compare();
        App.Execute("ROLLBACK");
        capture.Compare();
        capture.Image.Commits.Should().Be(0);
        App.Execute("BEGIN");
        App.Insert(50, size: 2000);
        App.Execute("SAVEPOINT s");
        App.Insert(100, size: 2000);
        App.Execute("ROLLBACK TO s");
        App.Insert(1);
        App.Execute("COMMIT");
        capture.Compare();

        spilled.Should().BeGreaterThan(100 * 4096, "or nothing was spilled");
        capture.Image.Commits.Should().Be(1);
        App.Scalar("SELECT count(*) FROM t").Should().Be(51);
    }

    [Fact]
    public void Does_not_capture_a_commit_that_was_never_published()
    {
        App.Insert(5);
        var capture = Capture().Start();
        capture.Compare();
        var head = capture.Shadow.Head!;
        capture.Marks.Index.TryRead(out var index).Should().BeTrue();

        // What a writer leaves that is killed between writing its last frame and publishing it. The WAL alone may be opened.
        using (var wal = File.OpenHandle(WalPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            RandomAccess.Write(wal, ForgeCommit(head.Header!.Value, index), head.Position.Offset);
        }

        capture.RunOnce().Moved.Should().BeFalse();
        capture.Shadow.Head.Should().Be(head);
        App.Insert(1);
        capture.Compare();
        capture.Image.Commits.Should().Be(1);
        capture.Reasons.Should().HaveCount(1);
    }

    [Fact]
    public void Begins_the_next_index_when_the_WAL_restarts()
    {
        var capture = Capture(Eager).Start();
        App.Insert(10);
        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.Complete);
        var end = capture.Shadow.Head!.Position;

        App.Insert(1);
        capture.Compare();

        capture.Index.Should().Be(end.Index + 1);
        capture.Shadow.Find(capture.Generation, end.Index).Should().Match<ShadowIndex>(index => index.IsComplete && index.Length == end.Offset);
        capture.Shadow.Find(capture.Generation, capture.Index)!.IsComplete.Should().BeFalse();
        capture.Reasons.Should().HaveCount(1);
    }

    [Fact]
    public void Loses_nothing_over_many_restarts()
    {
        var capture = Capture(Eager).Start();

        for (var i = 0; i < 40; i++)
        {
            App.Insert(1 + (i % 3));
            capture.Compare();
            capture.RunOnce();
        }

        capture.Image.Restarts.Should().BeGreaterThan(30);
        capture.Reasons.Should().HaveCount(1);
    }

    [Theory]
    [InlineData("PASSIVE")]
    [InlineData("FULL")]
    [InlineData("RESTART")]
    [InlineData("TRUNCATE")]
    public void Loses_nothing_to_the_checkpoints_of_others(string mode)
    {
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 8, CheckpointInterval = TimeSpan.Zero }).Start();
        capture.Compare();
        App.Execute("PRAGMA busy_timeout=0");

        for (var i = 0; i < 30; i++)
        {
            App.Insert(1 + (i % 4));
            App.Execute($"PRAGMA wal_checkpoint({mode})");
            if (i % 3 == 0)
            {
                App.Insert(1);
            }

            if (i % 2 == 0)
            {
                capture.Compare();
            }

            capture.RunOnce();
            App.Execute($"PRAGMA wal_checkpoint({mode})");
        }

        capture.Compare();
        capture.Image.Restarts.Should().BeGreaterThan(3);
        capture.Reasons.Should().HaveCount(1);
    }

    [Fact]
    public void Loses_nothing_to_an_application_that_checkpoints_after_every_commit()
    {
        App.Execute("PRAGMA wal_autocheckpoint=1");
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 20, CheckpointInterval = TimeSpan.Zero }).Start();

        for (var i = 0; i < 60; i++)
        {
            App.Insert(2);
            capture.RunOnce();
            if (i % 5 == 0)
            {
                capture.Compare();
            }
        }

        capture.Compare();
        capture.Image.Restarts.Should().BeGreaterThan(1);
        capture.Reasons.Should().HaveCount(1);
    }

    [Fact]
    public void Goes_on_from_an_empty_WAL()
    {
        App.Insert(3);
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var capture = Capture(Eager).Start();
        capture.Shadow.Head!.Position.Offset.Should().Be(0);
        capture.Compare();

        App.Insert(2);
        capture.Compare();

        capture.Index.Should().Be(0, "the first frames after a generation began are its index 0");
        capture.Image.Commits.Should().Be(2);
    }

    [Fact]
    public void Leaves_read_lock_zero_as_soon_as_there_is_a_frame_behind_it()
    {
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 5, CheckpointInterval = TimeSpan.Zero }).Start();
        App.Insert(10);
        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.Complete);
        capture.Marks.Mark.MayBeOnLockZero.Should().BeTrue();

        App.Insert(1);
        capture.RunOnce();

        capture.Marks.Mark.MayBeOnLockZero.Should().BeFalse();
    }

    [Fact]
    public void An_idle_pass_changes_nothing_and_allocates_nothing()
    {
        var time = new FakeTimeProvider();
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 5 }, time).Start();
        App.Insert(20);
        capture.RunOnce();
        capture.RunOnce();
        var head = capture.Shadow.Head;
        var files = Files();

        Allocations.Least(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                capture.Sync.RunOnce();
            }
        }).Should().Be(0);
        time.Advance(TimeSpan.FromHours(24));
        capture.RunOnce();
        capture.Shadow.Head.Should().Be(head);
        Files().Should().Equal(files);

        Dictionary<string, (long, DateTime)> Files() => new DirectoryInfo(Directory.Path)
            .EnumerateFiles("*", SearchOption.AllDirectories)
            .ToDictionary(file => file.FullName, file => (file.Length, file.LastWriteTimeUtc));
    }

    [Fact]
    public void Leaves_the_schema_as_it_was()
    {
        App.Execute("CREATE INDEX t_a ON t(a)");
        App.Execute("CREATE VIEW v AS SELECT a FROM t");
        var before = Schema();
        var capture = Capture(Eager).Start();

        for (var i = 0; i < 5; i++)
        {
            App.Insert(3);
            capture.Compare();
            capture.RunOnce();
        }

        capture.Stop();
        capture.Start();
        Schema().Should().Equal(before);

        List<string> Schema()
        {
            using var command = App.Connection.CreateCommand();
            command.CommandText = "SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_schema UNION ALL SELECT schema_version, '', '', '', '', '' FROM pragma_schema_version";
            using var rows = command.ExecuteReader();
            var schema = new List<string>();
            while (rows.Read())
            {
                schema.Add(string.Join('|', Enumerable.Range(0, 6).Select(rows.GetValue)));
            }

            return schema;
        }
    }

    [Fact]
    public unsafe void A_writer_killed_while_it_published_costs_no_generation()
    {
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();
        App.Insert(1);

        // SQLite writes the second copy of the header, then the first: here it got no further than a part of the second.
        var words = (uint*)capture.Sync.WalIndexPointer;
        words[12 + 2]++;
        words[12 + 4]++;

        capture.RunOnce();
        capture.Compare();

        capture.Reasons.Should().HaveCount(1);
        capture.Image.Commits.Should().Be(1);
    }

    [Fact]
    public void A_state_that_cannot_be_written_when_the_WAL_restarts_costs_no_generation_and_no_index()
    {
        var capture = Capture(Eager).Start();
        App.Insert(5);
        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.Complete);
        App.Insert(1);
        var obstacle = Path.Combine(capture.MetaPath, "state");
        File.Delete(obstacle);
        System.IO.Directory.CreateDirectory(Path.Combine(obstacle, "in the way"));

        for (var i = 0; i < 3; i++)
        {
            capture.Invoking(c => c.RunOnce()).Should().Throw<Exception>().Which.Should().Match<Exception>(e => e is IOException || e is UnauthorizedAccessException);
        }

        System.IO.Directory.Delete(obstacle, recursive: true);
        capture.Compare();
        capture.Index.Should().Be(1);
        capture.Reasons.Should().HaveCount(1);
    }

    private static byte[] ForgeCommit(WalHeader header, WalIndexHeader index)
    {
        var frame = new byte[header.FrameSize];
        new Random(1).NextBytes(frame.AsSpan(WalFrameHeader.Size));
        BinaryPrimitives.WriteUInt32BigEndian(frame, 2);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), index.PageCount);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), header.Salts.Salt1);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(12), header.Salts.Salt2);
        var sum = WalChecksum.Compute(index.FrameChecksum, frame.AsSpan(0, 8), header.BigEndianChecksums);
        sum = WalChecksum.Compute(sum, frame.AsSpan(WalFrameHeader.Size), header.BigEndianChecksums);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(16), sum.Sum1);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(20), sum.Sum2);
        return frame;
    }
}
