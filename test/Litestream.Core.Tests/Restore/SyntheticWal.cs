using System.Buffers.Binary;
using Litestream.Wal;

namespace Litestream.Restore;

/// <summary>The bytes of a WAL, made frame by frame with a sound chain, whatever the frames say.</summary>
internal sealed class SyntheticWal
{
    private readonly MemoryStream _bytes = new();
    private readonly List<ChainChecksum> _checksums = [];
    private readonly bool _bigEndian;

    public SyntheticWal(Random random, int pageSize, bool bigEndian = false)
    {
        _bigEndian = bigEndian;
        Span<byte> header = stackalloc byte[WalHeader.Size];
        BinaryPrimitives.WriteUInt32BigEndian(header, bigEndian ? 0x377F0683u : 0x377F0682u);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], 3007000);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], (uint)pageSize);
        random.NextBytes(header[16..24]);
        var sum = WalChecksum.Compute(default, header[..24], bigEndian);
        BinaryPrimitives.WriteUInt32BigEndian(header[24..], sum.Sum1);
        BinaryPrimitives.WriteUInt32BigEndian(header[28..], sum.Sum2);
        WalHeader.TryParse(header, out var parsed).Should().BeTrue();
        (Header, Checksum) = (parsed, parsed.Checksum);
        _bytes.Write(header);
    }

    public WalHeader Header { get; }

    public ChainChecksum Checksum { get; private set; }

    public long Length => _bytes.Length;

    public void Append(uint page, uint commitSize, ReadOnlySpan<byte> content)
    {
        Span<byte> header = stackalloc byte[WalFrameHeader.Size];
        BinaryPrimitives.WriteUInt32BigEndian(header, page);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], commitSize);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], Header.Salts.Salt1);
        BinaryPrimitives.WriteUInt32BigEndian(header[12..], Header.Salts.Salt2);
        Checksum = WalChecksum.Compute(WalChecksum.Compute(Checksum, header[..8], _bigEndian), content, _bigEndian);
        BinaryPrimitives.WriteUInt32BigEndian(header[16..], Checksum.Sum1);
        BinaryPrimitives.WriteUInt32BigEndian(header[20..], Checksum.Sum2);
        _checksums.Add(Checksum);
        _bytes.Write(header);
        _bytes.Write(content);
    }

    public ChainChecksum ChecksumAt(long offset) =>
        offset <= WalHeader.Size ? Header.Checksum : _checksums[(int)((offset - WalHeader.Size) / Header.FrameSize) - 1];

    public byte[] Slice(long from, long to) => _bytes.ToArray()[(int)from..(int)to];

    public byte[] ToArray() => _bytes.ToArray();
}
