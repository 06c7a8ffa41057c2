using System.Buffers.Binary;

namespace Litestream.Compare.Worker;

/// <summary>When a commit was done and where its WAL ended then.</summary>
/// <param name="Ticks">Of the stopwatch, whose clock all processes share.</param>
/// <param name="Salts">Which WAL.</param>
/// <param name="Frames">How many frames it had.</param>
internal readonly record struct CommittedAt(long Ticks, ulong Salts, uint Frames)
{
    public const int Size = 20;

    public static CommittedAt Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Ticks);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Salts);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], Frames);
    }
}
