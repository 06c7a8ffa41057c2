using System.Buffers;
using System.Numerics;

namespace Litestream.Wal;

/// <summary>
/// Buffers to borrow. <see cref="ArrayPool{T}.Shared"/> keeps one of each size for every thread that ever gave one back, and
/// asynchronous work gives back on all of them: with buffers of megabytes that is a hundred of them held in somebody else's
/// process while nothing is done. Large ones are kept here instead, by references that let the garbage collector have them.
/// Thread-safe.
/// </summary>
internal static class LargeBuffers
{
    /// <summary>Up to here the shared pool is right.</summary>
    private const int LargestShared = 128 << 10;

    private static readonly Lock s_lock = new(); // guards the field below; taken alone
    private static readonly WeakReference<byte[]>[] s_kept = [.. Enumerable.Range(0, 16).Select(_ => new WeakReference<byte[]>(null!))];

    /// <summary>A buffer of at least this length, with anything in it.</summary>
    public static byte[] Rent(int length)
    {
        if (length <= LargestShared)
        {
            return ArrayPool<byte>.Shared.Rent(length);
        }

        lock (s_lock)
        {
            foreach (var kept in s_kept)
            {
                if (kept.TryGetTarget(out var buffer) && buffer.Length >= length && buffer.Length / 2 <= length)
                {
                    kept.SetTarget(null!);
                    return buffer;
                }
            }
        }

        return GC.AllocateUninitializedArray<byte>((int)Math.Min((uint)Array.MaxLength, BitOperations.RoundUpToPowerOf2((uint)length)));
    }

    /// <summary>Gives one back; nobody may use it afterwards.</summary>
    public static void Return(byte[] buffer)
    {
        if (buffer.Length <= LargestShared)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return;
        }

        lock (s_lock)
        {
            foreach (var kept in s_kept)
            {
                if (!kept.TryGetTarget(out _))
                {
                    kept.SetTarget(buffer);
                    return;
                }
            }
        }
    }
}
