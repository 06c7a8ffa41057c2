using System.Net;
using Amazon.S3.Model;
using Litestream.S3.Requests;

namespace Litestream.S3;

/// <summary>
/// An object's bytes as they come. It ends where the object or the range ends and nowhere else: a connection that is cut, or
/// a store that sends less, is an exception, and the caller resumes by range.
/// </summary>
internal sealed class ObjectStream : Stream
{
    private readonly ReplicaBucket _bucket;
    private readonly GetObjectResponse _response;
    private readonly Stream _body;
    private readonly string _operation;
    private readonly long _end;
    private long _skip;
    private long _position;

    private ObjectStream(ReplicaBucket bucket, GetObjectResponse response, string operation, long skip, long length)
    {
        _bucket = bucket;
        _response = response;
        _body = response.ResponseStream;
        _operation = operation;
        _skip = skip;
        _end = length;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Takes over a response, which is disposed with the stream or when it is not what was asked for.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="response">The response.</param>
    /// <param name="operation">For messages.</param>
    /// <param name="offset">Where the range begins, if a range was asked for.</param>
    /// <param name="length">The most to read.</param>
    public static ObjectStream Create(ReplicaBucket bucket, GetObjectResponse response, string operation, long? offset, long? length)
    {
        var size = response.ContentLength;
        if (offset is null || response.HttpStatusCode == HttpStatusCode.PartialContent)
        {
            if (offset is { } begin && response.ContentRange is { Length: > 0 } range
                && !range.StartsWith(FormattableString.Invariant($"bytes {begin}-"), StringComparison.Ordinal))
            {
                response.Dispose();
                throw new ReplicaException($"{operation}, {bucket.Location}: the store answered with another range than it was asked for.", isTransient: true);
            }

            return new ObjectStream(bucket, response, operation, 0, Math.Min(size, length ?? long.MaxValue));
        }

        // A proxy in between that does not know ranges: the whole object comes.
        var skip = Math.Min(offset.Value, size);
        return new ObjectStream(bucket, response, operation, skip, Math.Min(size - skip, length ?? long.MaxValue));
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_skip > 0)
        {
            var skipped = await ReadBodyAsync(new byte[(int)Math.Min(_skip, 64 << 10)], cancellationToken).ConfigureAwait(false);
            _skip -= skipped;
        }

        var wanted = (int)Math.Min(buffer.Length, _end - _position);
        if (wanted == 0)
        {
            return 0;
        }

        var read = await ReadBodyAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false);
        _position += read;
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _response.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadBodyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_bucket.DownloadLimit is { } limit)
        {
            buffer = buffer[..Math.Min(buffer.Length, limit.Portion)];
            await limit.WaitAsync(buffer.Length, cancellationToken).ConfigureAwait(false);
        }

        // Only this read is timed: a caller that is slow between reads is not the store's fault.
        using var idle = new CancellationTokenSource(_bucket.RequestTimeout, _bucket.TimeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token);
        try
        {
            var read = await _body.ReadAsync(buffer, linked.Token).ConfigureAwait(false);
            return read > 0 || buffer.IsEmpty ? read : throw new EndOfStreamException("The body ended before its length.");
        }
        catch (Exception e) when (e is not ObjectDisposedException && !cancellationToken.IsCancellationRequested)
        {
            throw idle.IsCancellationRequested
                ? _bucket.Failure.TimedOut(e, _operation, _bucket.RequestTimeout)
                : _bucket.Failure.From(e, _operation, call: null);
        }
    }
}
