using System.Buffers;

namespace Litestream.AspNetCore;

/// <summary>What was written to a response that has not begun. Takes memory with the first byte, and gives it back.</summary>
internal sealed class HeldBytes : IDisposable
{
    private const int FirstSize = 4096;

    private byte[] _buffer = [];

    public int Count { get; private set; }

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Count);

    public Memory<byte> GetMemory(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        var needed = Count + Math.Max(sizeHint, 1);
        if (needed > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(FirstSize, needed), Math.Min(2 * _buffer.Length, Array.MaxLength)));
            Written.CopyTo(larger);
            Return();
            _buffer = larger;
        }

        return _buffer.AsMemory(Count);
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - Count);
        Count += count;
    }

    /// <summary>Forgets what was written; what comes later is kept again.</summary>
    public void Dispose()
    {
        Count = 0;
        Return();
        _buffer = [];
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
