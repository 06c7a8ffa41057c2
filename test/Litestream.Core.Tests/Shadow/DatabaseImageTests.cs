using System.Buffers.Binary;
using System.Globalization;
using Litestream.Shadow;
using Litestream.Testing;
using Litestream.Testing.Capture;

namespace Litestream.Core.Tests.Shadow;

public sealed class DatabaseImageTests : CaptureTest
{
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(65536)]
    public void Is_exactly_the_database_at_its_position_whatever_is_committed_meanwhile(int pageSize)
    {
        NewApp("imaged.db", pageSize);
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 30, CheckpointInterval = TimeSpan.Zero }).Start();
        for (var round = 0; round < 4; round++)
        {
            App.Insert(40, size: 2000);
            capture.RunOnce();
            App.Insert(round * 3);
            using var reader = new DatabaseReader(App.Path);
            reader.Begin();
            using var image = capture.Sync.OpenImage(DatabaseReader.Connect(App.Path));
            var bytes = new byte[image.PageCount * (long)image.PageSize];

            for (uint page = 1; page <= image.PageCount; page++)
            {
                image.ReadPages(page, bytes.AsSpan((int)((page - 1) * pageSize), pageSize)).Should().Be(pageSize);
                if (page % 20 == 0)
                {
                    App.Execute("UPDATE t SET a = randomblob(2000) WHERE rowid % 7 = 0");
                    App.Insert(1, size: 3000);
                    App.Execute("PRAGMA wal_checkpoint(PASSIVE)");
                    capture.RunOnce();
                }
            }

            bytes.AsSpan().SequenceEqual(reader.Read()).Should().BeTrue();
            reader.End();
        }
    }

    [Fact]
    public void Says_where_it_is()
    {
        var capture = Capture().Start();
        App.Insert(5);

        using var image = capture.Sync.OpenImage(DatabaseReader.Connect(App.Path));

        image.Position.Should().Be(capture.Shadow.Head!.Position);
        image.Checksum.Should().Be(capture.Shadow.Head.Checksum);
        image.Salts.Should().Be(capture.Shadow.Head.Header!.Value.Salts);
        image.PageSize.Should().Be(4096);
        image.PageCount.Should().Be((uint)App.Scalar("PRAGMA page_count"));
        App.Insert(1);
        capture.RunOnce();
        capture.Shadow.Head.Position.Covers(image.Position).Should().BeTrue();
    }

    [Fact]
    public void Of_an_empty_WAL_is_at_the_end_of_the_index_before()
    {
        var capture = Capture(Eager).Start();
        App.Insert(5);
        capture.RunOnce();
        var end = capture.Shadow.Head!.Position;
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");

        using var reader = new DatabaseReader(App.Path);
        reader.Begin();
        using var image = capture.Sync.OpenImage(DatabaseReader.Connect(App.Path));

        image.Position.Should().Be(end);
        var bytes = new byte[image.PageCount * (long)image.PageSize];
        image.ReadPages(1, bytes).Should().Be(bytes.Length);
        bytes.AsSpan().SequenceEqual(reader.Read()).Should().BeTrue();
        image.ReadPages(image.PageCount + 1, new byte[4096]).Should().Be(0);
    }

    [UnixFact]
    public async Task Never_gives_zeros_for_a_page_that_somebody_has_cut_off()
    {
        var capture = Capture(Eager).Start();
        App.Insert(50, size: 2000);
        capture.RunOnce();
        App.Insert(1);
        capture.RunOnce();
        using var image = capture.Sync.OpenImage(DatabaseReader.Connect(App.Path));
        App.Scalar("PRAGMA page_count").Should().BeGreaterThan(20);

        // By another process: one that opens the file here would drop the locks.
        var (exitCode, _) = await ChildProcess.RunAsync(TimeSpan.FromSeconds(30), "truncate", "-s", "40960", App.Path);
        exitCode.Should().Be(0);

        image.Invoking(i => i.ReadPages(1, new byte[image.PageCount * 4096])).Should().Throw<LitestreamException>();
    }

    [Fact]
    public void Of_a_database_beyond_one_GiB_leaves_out_the_lock_byte_page()
    {
        const int PageSize = 65536;
        const long LockBytePage = 0x40000000 / PageSize + 1;
        var path = Directory.File("large.db");
        MakeSparse(path, PageSize, pages: (uint)LockBytePage - 3);
        using var app = new AppDatabase(Directory, "large.db", PageSize);
        app.Execute("PRAGMA wal_autocheckpoint=0");
        using var capture = new CaptureFixture(path).Start();
        for (var i = 0; i < 10; i++)
        {
            app.Execute(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO t VALUES(printf('{i}%.*c', 60000, 'x'))"));
        }

        app.Scalar("PRAGMA page_count").Should().BeGreaterThan(LockBytePage + 3);
        var copy = Directory.File("copy.db");
        using (var image = capture.Sync.OpenImage(DatabaseReader.Connect(path)))
        {
            var buffer = new byte[64 * PageSize];
            using var target = File.OpenHandle(copy, FileMode.CreateNew, FileAccess.ReadWrite);
            RandomAccess.SetLength(target, image.PageCount * (long)PageSize);
            for (uint page = 1; page <= image.PageCount;)
            {
                var read = image.ReadPages(page, buffer);
                read.Should().BeGreaterThan(0);
                if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
                {
                    RandomAccess.Write(target, buffer.AsSpan(0, read), (page - 1L) * PageSize);
                }

                // What lies between is a hole in the file, and would be one in the copy.
                page = page == 1 ? (uint)LockBytePage - 60 : page + (uint)(read / PageSize);
            }
        }

        var sum = app.Scalar("SELECT sum(length(a) + a) FROM t");
        app.Close();
        using var restored = new AppDatabase(Directory, "copy.db", PageSize, wal: false);
        restored.Scalar("SELECT sum(length(a) + a) FROM t").Should().Be(sum);
        restored.Scalar("SELECT count(*) FROM t").Should().Be(10);
    }

    /// <summary>A database that says it is large without taking the room: its last pages are used by nothing.</summary>
    private void MakeSparse(string path, int pageSize, uint pages)
    {
        using (var small = new AppDatabase(Directory, Path.GetFileName(path), pageSize, wal: false))
        {
            small.Execute("CREATE TABLE t(a)");
        }

        // Nobody has it open now.
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, pages * (long)pageSize);
        Span<byte> count = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(count, pages);
        RandomAccess.Write(file, count, 28);
    }
}
