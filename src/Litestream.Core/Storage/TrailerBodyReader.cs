using System.Buffers.Binary;
using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>
/// Reads the fields of a trailer's body one after the other. Past the end, or at a number that does not fit, it turns to
/// <see cref="Failed"/> and yields zeros: ask once, after the last field.
/// </summary>
internal ref struct TrailerBodyReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    public bool Failed { get; private set; }

    public readonly int Remaining => _rest.Length;

    public byte ReadByte() => Take(1)[0];

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    /// <summary>A number from 0 to <see cref="int.MaxValue"/>.</summary>
    public int ReadIndex()
    {
        var value = (int)ReadUInt32();
        Failed |= value < 0;
        return value;
    }

    public WalSalts ReadSalts() => new(ReadUInt32(), ReadUInt32());

    public ChainChecksum ReadChecksum() => new(ReadUInt32(), ReadUInt32());

    public Guid ReadGuid() => new(Take(16), bigEndian: true);

    public byte[] ReadHash() => Take(32).ToArray();

    /// <summary>Seven bits to a byte, the lowest first, the highest bit set in all but the last.</summary>
    public ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = ReadByte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                Failed |= shift == 63 && part > 1;
                return value;
            }
        }

        Failed = true;
        return 0;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            Failed = true;
            _rest = default;
            return Zeros[..count];
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static ReadOnlySpan<byte> Zeros => [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
}
