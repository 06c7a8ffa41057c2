using Litestream.Testing;

namespace Litestream.Restore;

public sealed class PageApplierTests : IDisposable
{
    private const int PageSize = 512;
    private const string Key = "generations/00000000000000aa/wal/00000000_00000000.wal.lz4";

    private readonly TempDirectory _directory = new();
    private readonly Random _random = new(1);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Applies_the_last_committed_version_of_each_page()
    {
        var wal = new SyntheticWal(_random, PageSize);
        wal.Append(1, 0, Page(1));
        wal.Append(2, 2, Page(2));
        wal.Append(2, 2, Page(3));
        wal.Append(1, 0, Page(9));

        var image = Apply(wal, snapshotPages: 1);

        image.Should().Equal([.. Page(1), .. Page(3)]);
    }

    [Fact]
    public void A_transaction_may_be_spread_over_any_number_of_pieces()
    {
        var wal = new SyntheticWal(_random, PageSize);
        for (uint page = 1; page <= 20; page++)
        {
            wal.Append(page, page == 20 ? 20u : 0, Page((byte)page));
        }

        var image = Apply(wal, snapshotPages: 1, framesAtOnce: 3);

        image.Should().Equal(Enumerable.Range(1, 20).SelectMany(page => Page((byte)page)));
    }

    [Fact]
    public void Cuts_the_file_to_what_the_last_commit_says()
    {
        var wal = new SyntheticWal(_random, PageSize);
        wal.Append(1, 2, Page(1));

        Apply(wal, snapshotPages: 5).Should().HaveCount(2 * PageSize);
    }

    [Fact]
    public void Stops_at_the_commit_that_was_asked_for()
    {
        var wal = new SyntheticWal(_random, PageSize);
        wal.Append(1, 1, Page(1));
        var stop = wal.Length;
        wal.Append(1, 1, Page(2));

        Apply(wal, snapshotPages: 1, stop: stop).Should().Equal(Page(1));
    }

    [Theory]
    [InlineData(0u, 1u, "*impossible page*")]
    [InlineData(uint.MaxValue, uint.MaxValue - 1, "*impossible page*")]
    [InlineData(1u, uint.MaxValue, "*impossible database size*")]
    [InlineData(1u, 1000u, "*1000 pages*")]
    public void A_frame_that_says_what_cannot_be_is_corruption(uint page, uint commitSize, string message)
    {
        var wal = new SyntheticWal(_random, PageSize);
        wal.Append(page, commitSize, Page(1));

        var applying = () => Apply(wal, snapshotPages: 3);

        applying.Should().Throw<ReplicaCorruptedException>().WithMessage(message).Which.Key.Should().Be(Key);
    }

    [Fact]
    public void Pages_beyond_the_size_of_their_own_transaction_are_never_written()
    {
        var wal = new SyntheticWal(_random, PageSize);
        wal.Append(4_000_000_000, 0, Page(7));
        wal.Append(1, 1, Page(1));

        Apply(wal, snapshotPages: 1).Should().Equal(Page(1));
    }

    [Theory]
    [InlineData(3u, false)]
    [InlineData(4u, false)]
    [InlineData(5u, true)]
    [InlineData(2_000_000_000u, true)]
    public void A_database_grows_by_no_more_pages_than_the_WAL_holds_and_the_lock_byte_page(uint size, bool refused)
    {
        var wal = new SyntheticWal(_random, PageSize);
        wal.Append(size, 0, Page(7));
        wal.Append(1, size, Page(1));

        var applying = () => Apply(wal, snapshotPages: 1).Length.Should().Be((int)size * PageSize);

        if (refused)
        {
            applying.Should().Throw<ReplicaCorruptedException>().WithMessage("*neither the snapshot nor the WAL has that many*");
        }
        else
        {
            applying.Should().NotThrow();
        }
    }

    [Fact]
    public void A_frame_with_other_salts_is_corruption()
    {
        var wal = new SyntheticWal(_random, PageSize);
        wal.Append(1, 1, Page(1));
        var bytes = wal.ToArray();
        bytes[40]++;

        var applying = () => Apply(bytes, snapshotPages: 1);

        applying.Should().Throw<ReplicaCorruptedException>().WithMessage("*other salts*");
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(65536)]
    public void Databases_over_1_GiB_are_like_any_other(int pageSize)
    {
        // The page that holds SQLite's lock bytes is never written; the file may end right behind it.
        var lockPage = (uint)(0x40000000 / pageSize) + 1;
        var path = _directory.File("large.db");
        var wal = new SyntheticWal(_random, pageSize);
        wal.Append(lockPage - 1, 0, Page(1, pageSize));
        wal.Append(lockPage + 1, lockPage + 1, Page(2, pageSize));
        using (var image = File.Create(path))
        {
            image.SetLength((lockPage - 2L) * pageSize);
        }

        Apply(path, wal.ToArray(), 100, long.MaxValue);

        using var file = File.OpenHandle(path);
        RandomAccess.GetLength(file).Should().Be((lockPage + 1L) * pageSize);
        Read(file, lockPage - 1, pageSize).Should().Equal(Page(1, pageSize));
        Read(file, lockPage, pageSize).Should().Equal(new byte[pageSize]);
        Read(file, lockPage + 1, pageSize).Should().Equal(Page(2, pageSize));
    }

    private static byte[] Read(Microsoft.Win32.SafeHandles.SafeFileHandle file, uint page, int pageSize)
    {
        var buffer = new byte[pageSize];
        RandomAccess.Read(file, buffer, (page - 1L) * pageSize);
        return buffer;
    }

    private static byte[] Page(byte value, int pageSize = PageSize) => [.. Enumerable.Repeat(value, pageSize)];

    private byte[] Apply(SyntheticWal wal, int snapshotPages, int framesAtOnce = 100, long stop = long.MaxValue) =>
        Apply(wal.ToArray(), snapshotPages, framesAtOnce, stop);

    private byte[] Apply(byte[] wal, int snapshotPages, int framesAtOnce = 100, long stop = long.MaxValue)
    {
        var path = _directory.File("image.db");
        File.WriteAllBytes(path, new byte[snapshotPages * PageSize]);
        Apply(path, wal, framesAtOnce, stop);
        return File.ReadAllBytes(path);
    }

    private void Apply(string path, byte[] wal, int framesAtOnce, long stop)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        using var pages = new PageApplier(file, _directory.File("scratch"));
        pages.BeginIndex(0);
        pages.StopOffset = stop;
        pages.AppendHeader(wal.AsSpan(0, 32), Key);
        var piece = framesAtOnce * pages.Header.FrameSize;
        for (var offset = 32; offset < wal.Length; offset += piece)
        {
            pages.Append(wal.AsMemory(offset, Math.Min(piece, wal.Length - offset)), Key);
        }

        pages.EndIndex(Key);
    }
}
