using Litestream.Sqlite;
using Litestream.Testing;

namespace Litestream.Core.Tests.Sqlite;

public sealed class DatabaseFileTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(2048)]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(16384)]
    [InlineData(32768)]
    [InlineData(65536)]
    public void Reads_the_files_byte_by_byte(int pageSize)
    {
        var app = new AppDatabase(_directory, pageSize: pageSize);
        app.Execute("CREATE TABLE t(a)");
        app.Insert(20, size: 3000);
        byte[] database, wal, slice;
        using (var connection = Connections.Open(app.Path))
        {
            connection.CheckpointPassive().IsComplete.Should().BeTrue();
            app.Insert(3, size: 3000);
            var file = DatabaseFile.Attach(connection);
            database = new byte[file.DatabaseSize()];
            wal = new byte[file.WalSize()];
            slice = new byte[777];
            file.ReadDatabase(0, database).Should().Be(database.Length);
            file.ReadWal(0, wal).Should().Be(wal.Length);
            file.ReadWal(101, slice).Should().Be(slice.Length);
            app.Dispose();
        }

        // Only now may the database be opened by path: nobody holds a lock on it any more.
        SharedFile.ReadAllBytes(app.Path).Should().Equal(database);
        SharedFile.ReadAllBytes(app.Path + "-wal").Should().Equal(wal);
        wal.AsSpan(101, slice.Length).SequenceEqual(slice).Should().BeTrue();
    }

    [Fact]
    public void Says_how_much_is_there_when_a_file_ends()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var connection = Connections.Open(app.Path);
        var file = DatabaseFile.Attach(connection);
        var size = file.WalSize();
        var all = new byte[size];
        file.ReadWal(0, all);
        var buffer = Enumerable.Repeat((byte)0xEE, 1000).ToArray();

        file.ReadWal(size - 10, buffer).Should().Be(10);
        buffer.AsSpan(0, 10).SequenceEqual(all.AsSpan((int)size - 10)).Should().BeTrue();
        file.ReadWal(size - buffer.Length, buffer).Should().Be(buffer.Length);
        file.ReadWal(size, buffer).Should().Be(0);
        file.ReadWal(size + 100_000, buffer).Should().Be(0);
        file.ReadWal(0, []).Should().Be(0);
        var pages = new byte[100_000];
        file.ReadDatabase(0, pages).Should().Be((int)file.DatabaseSize());
        file.ReadDatabase(file.DatabaseSize(), pages).Should().Be(0);
    }

    [Fact]
    public void Has_no_WAL_before_the_connection_has_read()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var connection = DatabaseConnection.Open(app.Path, Connections.BusyTimeout);
        var file = DatabaseFile.Attach(connection);

        file.Invoking(f => f.WalSize()).Should().Throw<InvalidOperationException>().WithMessage($"{app.Path}*WAL*");

        connection.BeginRead();
        connection.EndRead();
        file.WalSize().Should().BeGreaterThan(0);
    }

    [Fact]
    public void Writes_both_files_through()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var connection = Connections.Open(app.Path);
        var file = DatabaseFile.Attach(connection);

        file.Invoking(f => f.SyncWal()).Should().NotThrow();
        file.Invoking(f => f.SyncDatabase()).Should().NotThrow();
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var connection = Connections.Open(app.Path);
        var file = DatabaseFile.Attach(connection);
        var index = WalIndex.Attach(connection);
        var buffer = new byte[4096];
        void Read(int times)
        {
            for (var i = 0; i < times; i++)
            {
                index.TryRead(out _);
                _ = index.Backfilled;
                file.ReadWal(0, buffer);
                file.ReadWal(file.WalSize() - 5, buffer);
            }
        }

        Allocations.Least(() => Read(100)).Should().Be(0);
    }
}
