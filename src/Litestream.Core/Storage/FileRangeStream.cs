using Microsoft.Win32.SafeHandles;

namespace Litestream.Storage;

/// <summary>Reads a range of a file that belongs to a replica, and reports failures as the replica's.</summary>
internal sealed class FileRangeStream(SafeFileHandle file, string path, long start, long end) : Stream
{
    private long _position = start;

    public override bool CanRead => !file.IsClosed;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(file.IsClosed, this);
        try
        {
            return Advance(RandomAccess.Read(file, buffer[..Allowed(buffer.Length)], _position));
        }
        catch (Exception exception) when (FileFailure.IsFileFailure(exception))
        {
            throw FileFailure.Explain(exception, "read", path);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(file.IsClosed, this);
        try
        {
            return Advance(await RandomAccess.ReadAsync(file, buffer[..Allowed(buffer.Length)], _position, cancellationToken)
                .ConfigureAwait(false));
        }
        catch (Exception exception) when (FileFailure.IsFileFailure(exception))
        {
            throw FileFailure.Explain(exception, "read", path);
        }
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
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Allowed(int wanted) => (int)Math.Clamp(end - _position, 0, wanted);

    private int Advance(int read)
    {
        _position += read;
        return read;
    }
}
