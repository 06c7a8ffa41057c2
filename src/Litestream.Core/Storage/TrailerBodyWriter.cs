using System.Buffers;
using System.Buffers.Binary;
using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>Writes the fields of a trailer's body; the mirror of <see cref="TrailerBodyReader"/>.</summary>
internal sealed class TrailerBodyWriter
{
    private readonly ArrayBufferWriter<byte> _body = new();

    public ReadOnlySpan<byte> Written => _body.WrittenSpan;

    public void Write(byte value) => _body.Write([value]);

    public void Write(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _body.Write(bytes);
    }

    public void Write(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        _body.Write(bytes);
    }

    public void Write(WalSalts salts)
    {
        Write(salts.Salt1);
        Write(salts.Salt2);
    }

    public void Write(ChainChecksum checksum)
    {
        Write(checksum.Sum1);
        Write(checksum.Sum2);
    }

    public void Write(Guid value) => _body.Write(value.ToByteArray(bigEndian: true));

    public void WriteHash(ReadOnlyMemory<byte> hash)
    {
        if (hash.Length != 32)
        {
            throw new ArgumentException("A SHA-256 has 32 bytes.", nameof(hash));
        }

        _body.Write(hash.Span);
    }

    public void WriteVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            Write((byte)(value | 0x80));
        }

        Write((byte)value);
    }
}
