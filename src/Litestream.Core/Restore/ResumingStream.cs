using Polly;

namespace Litestream.Restore;

/// <summary>Reads a stretch of one object from start to end. A connection that breaks is opened again where it broke.</summary>
internal sealed class ResumingStream(
    IReplicaClient client, ReplicaObject source, long start, long end, ResiliencePipeline retries, Action<int> onRead) : Stream
{
    private Stream? _inner;
    private long _position = start;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Not beyond what the listing said: an object that grew meanwhile is another object.
        var wanted = buffer[..(int)Math.Min(buffer.Length, end - _position)];
        if (wanted.IsEmpty)
        {
            return 0;
        }

        try
        {
            var read = await retries.ExecuteAsync(ReadOnceAsync, wanted, cancellationToken).ConfigureAwait(false);
            _position += read;
            onRead(read);
            return read;
        }
        catch (EndOfStreamException exception)
        {
            throw new ReplicaCorruptedException(exception.Message, source.Key, exception);
        }
        catch (IOException exception)
        {
            throw new ReplicaException($"The object '{source.Key}' could not be read: {exception.Message}", exception, isTransient: true);
        }
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
        await CloseAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner?.Dispose();
            _inner = null;
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadOnceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            _inner ??= await client.OpenReadAsync(source.Key, _position, end < source.Size ? end - _position : null, cancellationToken).ConfigureAwait(false);
            var read = await _inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);

            // Some connections end early without an error.
            return read > 0 ? read : throw new EndOfStreamException($"The object '{source.Key}' ended after {_position} of {source.Size} bytes.");
        }
        catch
        {
            await CloseAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask CloseAsync()
    {
        var inner = _inner;
        _inner = null;
        if (inner is not null)
        {
            await inner.DisposeAsync().ConfigureAwait(false);
        }
    }
}
