using System.Runtime.InteropServices;
using Litestream.Sqlite;
using Litestream.Testing;
using Litestream.Wal;

namespace Litestream.Core.Tests.Sqlite;

public sealed class WalIndexTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(4096)]
    [InlineData(32768)]
    [InlineData(65536)]
    public void Says_what_the_WAL_file_holds(int pageSize)
    {
        using var app = new AppDatabase(_directory, pageSize: pageSize);
        app.Execute("CREATE TABLE t(a)");
        app.Insert(20);
        using var connection = Connections.Open(app.Path);
        var file = DatabaseFile.Attach(connection);
        var wal = SharedFile.ReadAllBytes(app.Path + "-wal");

        WalIndex.Attach(connection).TryRead(out var index).Should().BeTrue();

        WalHeader.TryParse(wal, out var header).Should().BeTrue();
        index.IsInit.Should().BeTrue();
        index.PageSize.Should().Be(pageSize).And.Be(header.PageSize);
        index.Salts.Should().Be(header.Salts);
        index.BigEndianChecksums.Should().Be(header.BigEndianChecksums);
        index.MaxFrame.Should().Be(WalFormat.FramesUpTo(wal.Length, pageSize));
        index.PageCount.Should().Be((uint)app.Scalar("PRAGMA page_count"));
        var chain = new WalChain(header);
        WalFrameHeader last = default;
        for (var frame = 0u; frame < index.MaxFrame; frame++)
        {
            var offset = (int)WalFormat.EndOfFrame(frame, pageSize);
            chain.Append(wal.AsSpan(offset, header.FrameSize), out last).Should().Be(WalFrameState.Valid);
        }

        chain.Checksum.Should().Be(index.FrameChecksum);
        last.CommitSize.Should().Be(index.PageCount);
        file.WalSize().Should().Be(wal.Length);
    }

    [Fact]
    public void Is_absent_before_the_connection_has_read()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var connection = DatabaseConnection.Open(app.Path, Connections.BusyTimeout);
        var index = WalIndex.Attach(connection);

        index.Pointer.Should().Be(0);
        index.TryRead(out _).Should().BeFalse();
        index.Backfilled.Should().Be(0);

        connection.BeginRead();
        connection.EndRead();
        index.TryRead(out _).Should().BeTrue();
        index.Pointer.Should().NotBe(0);
    }

    [Fact]
    public void Makes_no_shared_memory_for_a_database_with_a_rollback_journal()
    {
        using var app = new AppDatabase(_directory, wal: false);
        app.Execute("CREATE TABLE t(a)");
        using var connection = DatabaseConnection.Open(app.Path, Connections.BusyTimeout);
        connection.BeginRead();
        var index = WalIndex.Attach(connection);

        index.TryRead(out _).Should().BeFalse();

        File.Exists(app.Path + "-shm").Should().BeFalse();
    }

    [Fact]
    public void Says_how_much_is_in_the_database_file()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var connection = Connections.Open(app.Path);
        var index = WalIndex.Attach(connection);
        index.Backfilled.Should().Be(0);

        var result = connection.CheckpointPassive();

        index.Backfilled.Should().Be((uint)result.CheckpointedFrames).And.BeGreaterThan(0);
    }

    [Fact]
    public void The_address_stays_while_the_WAL_restarts_and_the_database_grows()
    {
        using var app = new AppDatabase(_directory, pageSize: 512);
        app.Execute("CREATE TABLE t(a)");
        using var connection = Connections.Open(app.Path);
        var index = WalIndex.Attach(connection);
        var pointer = index.Pointer;

        // More frames than one region of the WAL-index has places for.
        app.Insert(100, size: 50_000);
        app.Scalar("PRAGMA wal_checkpoint(TRUNCATE)");
        app.Insert(1);

        index.Pointer.Should().Be(pointer);
        WalIndex.Attach(connection).Pointer.Should().Be(pointer);
        index.TryRead(out var header).Should().BeTrue();
        header.MaxFrame.Should().BeInRange(1, 10);
    }

    [Fact]
    public void A_damaged_header_is_not_taken()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var connection = Connections.Open(app.Path);
        var words = new uint[WalIndexHeader.Size / sizeof(uint)];
        WalIndex.TryCopy(WalIndex.Attach(connection).Pointer, words).Should().BeTrue();
        var bytes = MemoryMarshal.AsBytes(words.AsSpan()).ToArray();
        WalIndexHeader.TryParse(bytes, out var sound).Should().BeTrue();
        sound.Version.Should().Be(3007000);

        for (var i = 0; i < bytes.Length; i++)
        {
            var damaged = bytes.ToArray();
            damaged[i] ^= 0x10;
            WalIndexHeader.TryParse(damaged, out _).Should().BeFalse("byte {0} has changed", i);
        }

        WalIndexHeader.TryParse(bytes.AsSpan(0, 47), out _).Should().BeFalse();
    }

    [Fact]
    public void Memory_that_SQLite_has_not_filled_yet_says_so()
    {
        WalIndexHeader.TryParse(new byte[WalIndexHeader.Size], out var header).Should().BeTrue();

        header.IsInit.Should().BeFalse();
    }

    [Fact]
    public void A_header_of_which_only_one_copy_is_new_is_not_taken()
    {
        using var memory = new FakeWalIndex();
        memory.Publish(maxFrame: 1);
        WalIndexGlance.TryTake(memory.Pointer, out var before).Should().BeTrue();

        memory.PublishHalf(maxFrame: 2);

        WalIndexGlance.TryTake(memory.Pointer, out _).Should().BeFalse();
        memory.Publish(maxFrame: 2);
        WalIndexGlance.TryTake(memory.Pointer, out var after).Should().BeTrue();
        after.Should().NotBe(before);
    }
}
