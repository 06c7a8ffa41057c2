using System.Buffers.Binary;
using K4os.Compression.LZ4;
using K4os.Hash.xxHash;
using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>
/// Writes one LZ4 frame block by block, and refuses to end an empty one. The frame is put together here and not by K4os,
/// whose encoder takes twice the size of a block, outside of what the runtime counts, for an object of any size: an upload a
/// second from changing threads makes the allocator of the system keep that once for every thread.
/// </summary>
internal sealed class Lz4EncoderStream(Stream destination, bool leaveOpen) : Stream
{
    // Version 1, independent blocks of up to 4 MiB, a checksum of the content; and the checksum of this.
    private const byte Flags = 0x64;
    private const byte LargestBlocks = 0x70;

    private const int FirstSize = 64 * 1024;
    private const uint Stored = 0x8000_0000;

    private readonly PooledBuffer _output = new();
    private readonly XXH32 _hash = new();
    private byte[] _input = [];
    private int _length;
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
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Take(buffer)..];
            if (_length == Lz4Frame.BlockSize)
            {
                destination.Write(Begin());
                destination.Write(Block().Span);
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Take(buffer.Span)..];
            if (_length == Lz4Frame.BlockSize)
            {
                await destination.WriteAsync(Begin(), cancellationToken).ConfigureAwait(false);
                await destination.WriteAsync(Block(), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            try
            {
                if (_length > 0)
                {
                    destination.Write(Begin());
                    destination.Write(Block().Span);
                }

                destination.Write(End());
            }
            finally
            {
                Release();
                if (!leaveOpen)
                {
                    destination.Dispose();
                }
            }

            ThrowIfEmpty();
        }

        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            try
            {
                if (_length > 0)
                {
                    await destination.WriteAsync(Begin()).ConfigureAwait(false);
                    await destination.WriteAsync(Block()).ConfigureAwait(false);
                }

                await destination.WriteAsync(End()).ConfigureAwait(false);
            }
            finally
            {
                Release();
                if (!leaveOpen)
                {
                    await destination.DisposeAsync().ConfigureAwait(false);
                }
            }

            ThrowIfEmpty();
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Takes as much as fits into the block.</summary>
    private int Take(ReadOnlySpan<byte> content)
    {
        var taken = Math.Min(content.Length, Lz4Frame.BlockSize - _length);
        if (_length + taken > _input.Length)
        {
            var larger = LargeBuffers.Rent(Math.Clamp(Math.Max(_length + taken, 2 * _input.Length), FirstSize, Lz4Frame.BlockSize));
            _input.AsSpan(0, _length).CopyTo(larger);
            ReturnInput();
            _input = larger;
        }

        content[..taken].CopyTo(_input.AsSpan(_length));
        _length += taken;
        return taken;
    }

    /// <summary>The head of the frame, once.</summary>
    private byte[] Begin()
    {
        if (_written)
        {
            return [];
        }

        _written = true;
        var head = new byte[7];
        BinaryPrimitives.WriteUInt32LittleEndian(head, Lz4FrameHeader.Magic);
        (head[4], head[5]) = (Flags, LargestBlocks);
        head[6] = (byte)(XXH32.DigestOf(head.AsSpan(4, 2)) >> 8);
        return head;
    }

    /// <summary>The block, compressed if that makes it smaller.</summary>
    private ReadOnlyMemory<byte> Block()
    {
        var content = _input.AsSpan(0, _length);
        _hash.Update(content);
        var output = _output.Slice(sizeof(uint) + Math.Max(LZ4Codec.MaximumOutputSize(_length), _length));
        var size = LZ4Codec.Encode(content, output.Span[sizeof(uint)..]);
        if (size <= 0 || size >= _length)
        {
            content.CopyTo(output.Span[sizeof(uint)..]);
            BinaryPrimitives.WriteUInt32LittleEndian(output.Span, (uint)_length | Stored);
            size = _length;
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(output.Span, (uint)size);
        }

        _length = 0;
        return output[..(sizeof(uint) + size)];
    }

    private byte[] End()
    {
        if (!_written)
        {
            return [];
        }

        var end = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(4), _hash.Digest());
        return end;
    }

    private void Release()
    {
        _output.Dispose();
        ReturnInput();
    }

    private void ReturnInput()
    {
        if (_input.Length > 0)
        {
            LargeBuffers.Return(_input);
            _input = [];
        }
    }

    private void ThrowIfEmpty()
    {
        if (!_written)
        {
            throw new InvalidOperationException("Nothing was written: an object on a replica is never empty.");
        }
    }
}
