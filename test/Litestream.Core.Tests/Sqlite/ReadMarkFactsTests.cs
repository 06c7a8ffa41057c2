using System.Buffers.Binary;
using Litestream.Sqlite;
using Litestream.Testing;
using Litestream.Wal;

namespace Litestream.Core.Tests.Sqlite;

/// <summary>What SQLite does, and the capture relies on: the next SQLite may change any of it.</summary>
public sealed class ReadMarkFactsTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly AppDatabase _app;
    private readonly DatabaseConnection _reader;
    private readonly WalIndex _index;

    public ReadMarkFactsTests()
    {
        _app = new AppDatabase(_directory);
        _app.Execute("PRAGMA wal_autocheckpoint=0");
        _app.Execute("CREATE TABLE t(a)");
        _app.Insert(10);
        _reader = Connections.Open(_app.Path);
        _index = WalIndex.Attach(_reader);
    }

    private WalIndexHeader Header => _index.TryRead(out var header) ? header : throw new InvalidOperationException("The WAL-index is torn.");

    public void Dispose()
    {
        _reader.Dispose();
        _app.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void A_snapshot_says_exactly_what_the_reader_sees()
    {
        var before = Header;
        _reader.BeginRead();

        _app.Insert(3);

        _reader.SnapshotHeader().Should().Be(before);
        Header.MaxFrame.Should().BeGreaterThan(before.MaxFrame);
        _reader.QueryLong("SELECT count(*) FROM t").Should().Be(10);
        _reader.EndRead();
        _reader.BeginRead();
        _reader.SnapshotHeader().Should().Be(Header);
    }

    [Fact]
    public void A_snapshot_needs_a_transaction()
    {
        _reader.Invoking(r => r.SnapshotHeader()).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void A_WAL_index_built_from_no_WAL_gives_no_snapshot()
    {
        using var app = new AppDatabase(_directory, "fresh.db");
        app.Execute("CREATE TABLE t(a)");
        app.Close();
        using var connection = Connections.Open(app.Path);

        connection.BeginRead();

        connection.SnapshotHeader().Should().BeNull();
        WalIndex.Attach(connection).TryRead(out var header).Should().BeTrue();
        header.MaxFrame.Should().Be(0);
        header.PageSize.Should().Be(0);
    }

    [Fact]
    public void A_reader_that_began_before_everything_was_backfilled_keeps_the_WAL_from_restarting()
    {
        _reader.BeginRead();
        var mark = Header;
        _app.Insert(5);

        _app.Scalar("PRAGMA wal_checkpoint(PASSIVE)").Should().Be(0);
        var backfilled = _index.Backfilled;
        _app.Execute("PRAGMA busy_timeout=0");
        var truncate = _app.Scalar("PRAGMA wal_checkpoint(TRUNCATE)");
        var restart = _app.Scalar("PRAGMA wal_checkpoint(RESTART)");
        var full = _app.Scalar("PRAGMA wal_checkpoint(FULL)");
        _app.Insert(5);

        backfilled.Should().Be(mark.MaxFrame, "only what every reader sees may be copied into the database");
        truncate.Should().Be(1);
        restart.Should().Be(1);
        full.Should().Be(1);
        Header.Salts.Should().Be(mark.Salts);
        Header.MaxFrame.Should().Be(mark.MaxFrame + 10);
    }

    [Fact]
    public void A_reader_that_began_after_everything_was_backfilled_lets_the_WAL_restart_exactly_once()
    {
        _reader.CheckpointPassive().IsComplete.Should().BeTrue();
        _reader.BeginRead();
        var mark = Header;
        _reader.SnapshotHeader().Should().Be(mark);

        _app.Insert(5);
        var restarted = Header;
        _app.Scalar("PRAGMA wal_checkpoint(PASSIVE)").Should().Be(0);
        _app.Insert(5);

        restarted.Salts.Should().NotBe(mark.Salts);
        restarted.MaxFrame.Should().Be(5);
        _index.Backfilled.Should().Be(0, "on read lock 0 nobody may write into the database file");
        Header.Salts.Should().Be(restarted.Salts);
        Header.MaxFrame.Should().Be(10);
        _reader.QueryLong("SELECT count(*) FROM t").Should().Be(10);
    }

    [Fact]
    public void While_a_reader_stands_on_lock_0_the_database_file_stands_still()
    {
        _reader.CheckpointPassive().IsComplete.Should().BeTrue();
        _reader.BeginRead();
        var file = DatabaseFile.Attach(_reader);
        var before = new byte[file.DatabaseSize()];
        file.ReadDatabase(0, before);

        _app.Insert(50, size: 2000);
        _app.Scalar("PRAGMA wal_checkpoint(PASSIVE)");

        var after = new byte[file.DatabaseSize()];
        file.ReadDatabase(0, after);
        after.Should().Equal(before);
    }

    [Fact]
    public void A_passive_checkpoint_works_while_another_connection_holds_the_write_lock()
    {
        using var lockHolder = Connections.Open(_app.Path);
        lockHolder.BeginImmediate();

        var result = _reader.CheckpointPassive();

        result.Should().Be(new CheckpointResult(11 + 1, 11 + 1, Busy: false));
        result.IsComplete.Should().BeTrue();
        lockHolder.Rollback();
    }

    [Fact]
    public void A_passive_checkpoint_with_a_reader_in_the_way_does_what_it_can()
    {
        _reader.BeginRead();
        var mark = Header.MaxFrame;
        _app.Insert(5);
        using var checkpointer = Connections.Open(_app.Path);

        var result = checkpointer.CheckpointPassive();

        result.Should().Be(new CheckpointResult((int)mark + 5, (int)mark, Busy: false));
        result.IsComplete.Should().BeFalse();
    }

    [Fact]
    public void A_truncated_WAL_announces_its_next_salts_before_it_has_a_header()
    {
        var before = Header;

        _app.Scalar("PRAGMA wal_checkpoint(TRUNCATE)").Should().Be(0);

        var truncated = Header;
        truncated.MaxFrame.Should().Be(0);
        truncated.Salts.Should().NotBe(before.Salts);
        DatabaseFile.Attach(_reader).WalSize().Should().Be(0);
        _app.Insert(1);
        Span<byte> bytes = stackalloc byte[WalHeader.Size];
        DatabaseFile.Attach(_reader).ReadWal(0, bytes).Should().Be(WalHeader.Size);
        WalHeader.TryParse(bytes, out var header).Should().BeTrue();
        header.Salts.Should().Be(Header.Salts).And.Be(truncated.Salts);
    }

    [Fact]
    public void The_size_of_a_WAL_says_nothing_after_a_restart()
    {
        var file = DatabaseFile.Attach(_reader);
        var size = file.WalSize();
        _reader.CheckpointPassive();

        _app.Insert(2);

        file.WalSize().Should().Be(size);
        Header.MaxFrame.Should().Be(2);
    }

    [Fact]
    public void What_lies_behind_the_last_committed_frame_is_not_seen_however_sound_it_is()
    {
        var before = Header;
        var file = DatabaseFile.Attach(_reader);
        var frames = new byte[file.WalSize()];
        file.ReadWal(0, frames);
        WalHeader.TryParse(frames, out var header).Should().BeTrue();
        var phantom = ForgeCommit(header, before);

        // Of all files of a database the WAL alone may be opened: no lock lies on it.
        using (var wal = File.OpenHandle(_app.Path + "-wal", FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            RandomAccess.Write(wal, phantom, WalFormat.EndOfFrame(before.MaxFrame, header.PageSize));
        }

        var chain = new WalChain(header, before.FrameChecksum);
        chain.Append(phantom, out var forged).Should().Be(WalFrameState.Valid, "by the chain alone this is a commit");
        forged.IsCommit.Should().BeTrue();
        Header.Should().Be(before);
        _app.Scalar("SELECT count(*) FROM t").Should().Be(10);
        _app.Insert(1);
        Header.MaxFrame.Should().Be(before.MaxFrame + 1, "the next commit overwrites it");
        var frame = new byte[header.FrameSize];
        file.ReadWal(WalFormat.EndOfFrame(before.MaxFrame, header.PageSize), frame);
        frame.Should().NotEqual(phantom);
    }

    [Fact]
    public async Task A_commit_of_another_process_shows_at_once()
    {
        await using var other = await OtherProcess.StartAsync(_app.Path);
        var before = Header;

        await other.ExecuteAsync("INSERT INTO t VALUES(1)");

        Header.MaxFrame.Should().Be(before.MaxFrame + 1);
        Header.Salts.Should().Be(before.Salts);
    }

    [Fact]
    public async Task A_mark_of_ours_holds_the_WAL_against_the_last_close_of_another_process()
    {
        _reader.BeginRead();
        var mark = Header;
        _app.Close();
        await using var other = await OtherProcess.StartAsync(_app.Path);
        await other.ExecuteAsync("INSERT INTO t VALUES(1)");

        await other.CloseAsync();

        File.Exists(_app.Path + "-wal").Should().BeTrue();
        Header.Salts.Should().Be(mark.Salts);
        Header.MaxFrame.Should().Be(mark.MaxFrame + 1);
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
