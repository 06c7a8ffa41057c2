namespace Litestream.Storage;

/// <summary>Writes through an encoder and refuses to end an empty frame, for which the encoder would write nothing at all.</summary>
internal sealed class Lz4EncoderStream(Stream encoder) : Stream
{
    private bool _written;
    private bool _disposed;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => !_disposed;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // A flush would cut the block short: the frame is only worth something when it is whole.
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _written |= !buffer.IsEmpty;
        encoder.Write(buffer);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _written |= !buffer.IsEmpty;
        return encoder.WriteAsync(buffer, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            encoder.Dispose();
            ThrowIfEmpty();
        }

        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await encoder.DisposeAsync().ConfigureAwait(false);
            ThrowIfEmpty();
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    private void ThrowIfEmpty()
    {
        if (!_written)
        {
            throw new InvalidOperationException("Nothing was written: an object on a replica is never empty.");
        }
    }
}
