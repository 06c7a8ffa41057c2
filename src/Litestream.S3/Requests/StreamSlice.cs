namespace Litestream.S3.Requests;

/// <summary>A part of a seekable stream as a stream of its own: the SDK reads it twice, for its hash and to send it. Leaves the stream open.</summary>
internal sealed class StreamSlice(Stream stream, long start, long length) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var wanted = Wanted(buffer.Length);
        var read = wanted == 0 ? 0 : stream.Read(buffer[..wanted]);
        return Advance(wanted, read);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = Wanted(buffer.Length);
        var read = wanted == 0 ? 0 : await stream.ReadAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false);
        return Advance(wanted, read);
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Wanted(int count)
    {
        var wanted = (int)Math.Clamp(length - _position, 0, count);
        if (wanted > 0)
        {
            stream.Position = start + _position;
        }

        return wanted;
    }

    private int Advance(int wanted, int read)
    {
        if (wanted > 0 && read == 0)
        {
            throw new InvalidOperationException("The content became shorter while it was written to the replica.");
        }

        _position += read;
        return read;
    }
}
