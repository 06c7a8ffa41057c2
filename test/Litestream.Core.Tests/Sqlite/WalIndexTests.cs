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
        var wal = File.ReadAllBytes(app.Path + "-wal");

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
}
