using Litestream.Wal;

namespace Litestream.Restore;

/// <summary>
/// Reads a large object from start to end, of which several parts are fetched at once: one connection to a store carries
/// only so much. Memory is bounded by the parts ahead.
/// </summary>
internal sealed class ParallelRangeStream(long size, int parallelism, Func<long, long, Stream> open) : Stream
{
    /// <summary>Of an object no larger than this nothing is won.</summary>
    public const int PartBytes = 4 * 1024 * 1024;

    // 32 MiB.
    private const int MostParts = 8;

    private readonly int _partsAhead = Math.Min(parallelism, MostParts);
    private readonly Queue<Task<ArraySegment<byte>>> _ahead = new();
    private readonly CancellationTokenSource _stop = new();
    private ArraySegment<byte> _part;
    private int _read;
    private long _next;
    private bool _disposed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (buffer.IsEmpty || (_read == _part.Count && !await NextPartAsync(cancellationToken).ConfigureAwait(false)))
        {
            return 0;
        }

        var count = Math.Min(buffer.Length, _part.Count - _read);
        _part.AsSpan(_read, count).CopyTo(buffer.Span);
        _read += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await _stop.CancelAsync().ConfigureAwait(false);
            Return(_part);

            // Waits for all of them: nothing of a restore goes on behind its back.
            foreach (var task in _ahead)
            {
                await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (task.IsCompletedSuccessfully)
                {
                    Return(await task.ConfigureAwait(false));
                }
            }

            _stop.Dispose();
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<bool> NextPartAsync(CancellationToken cancellationToken)
    {
        Return(_part);
        (_part, _read) = (default, 0);
        while (_ahead.Count < _partsAhead && _next < size)
        {
            var end = Math.Min(size, _next + PartBytes);
            _ahead.Enqueue(FetchAsync(_next, end, _stop.Token));
            _next = end;
        }

        if (_ahead.Count == 0)
        {
            return false;
        }

        // It stays in the queue while it is waited for: a failure, or our own cancellation, abandons it with the others.
        _part = await _ahead.Peek().WaitAsync(cancellationToken).ConfigureAwait(false);
        _ = _ahead.Dequeue();
        return true;
    }

    private async Task<ArraySegment<byte>> FetchAsync(long start, long end, CancellationToken cancellationToken)
    {
        var count = (int)(end - start);
        var buffer = LargeBuffers.Rent(count);
        try
        {
            var stream = open(start, end);
            await using var owned = stream.ConfigureAwait(false);
            await stream.ReadExactlyAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            return new ArraySegment<byte>(buffer, 0, count);
        }
        catch
        {
            LargeBuffers.Return(buffer);
            throw;
        }
    }

    private static void Return(ArraySegment<byte> part)
    {
        if (part.Array is { } array)
        {
            LargeBuffers.Return(array);
        }
    }
}
