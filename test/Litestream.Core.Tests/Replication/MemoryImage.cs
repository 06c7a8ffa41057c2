using Litestream.Shadow;
using Litestream.Wal;

namespace Litestream.Replication;

/// <summary>An image of a database in memory.</summary>
internal sealed class MemoryImage(byte[] bytes, ShadowHead head, int pageSize, DateTimeOffset takenAt) : IDatabaseImage
{
    public byte[] Bytes => bytes;

    public bool IsDisposed { get; private set; }

    public ReplicationPosition Position => head.Position;

    public WalSalts Salts => head.Header?.Salts ?? default;

    public ChainChecksum Checksum => head.Checksum;

    public int PageSize => pageSize;

    public uint PageCount => (uint)(bytes.Length / pageSize);

    public DateTimeOffset TakenAt => takenAt;

    public int ReadPages(uint firstPage, Span<byte> buffer)
    {
        var at = (int)(firstPage - 1) * pageSize;
        var length = Math.Max(0, Math.Min(bytes.Length - at, buffer.Length / pageSize * pageSize));
        bytes.AsSpan(Math.Min(at, bytes.Length), length).CopyTo(buffer);
        return length;
    }

    public void Dispose() => IsDisposed = true;
}
