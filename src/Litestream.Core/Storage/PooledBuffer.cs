using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>One buffer from the shared pool that grows when more is asked for. What it held is lost when it grows.</summary>
internal sealed class PooledBuffer : IDisposable
{
    private byte[] _array = [];

    /// <summary>The buffer's first <paramref name="length"/> bytes.</summary>
    public Memory<byte> Slice(int length)
    {
        if (_array.Length < length)
        {
            Dispose();
            _array = LargeBuffers.Rent(length);
        }

        return _array.AsMemory(0, length);
    }

    public void Dispose()
    {
        if (_array.Length > 0)
        {
            LargeBuffers.Return(_array);
            _array = [];
        }
    }
}
