using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Litestream.Compare.Worker;

/// <summary>Reads from the wal-index of a database that is open where its WAL ends. (https://sqlite.org/walformat.html)</summary>
internal sealed class WalEnd(string database) : IDisposable
{
    private readonly SafeFileHandle _index = File.OpenHandle(database + "-shm", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    public CommittedAt Read(long ticks)
    {
        Span<byte> header = stackalloc byte[40];
        RandomAccess.Read(_index, header, 0);
        return new CommittedAt(ticks, BinaryPrimitives.ReadUInt64LittleEndian(header[32..]), BinaryPrimitives.ReadUInt32LittleEndian(header[16..]));
    }

    public void Dispose() => _index.Dispose();
}
