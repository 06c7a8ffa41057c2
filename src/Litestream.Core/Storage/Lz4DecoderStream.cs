using System.Buffers.Binary;
using K4os.Compression.LZ4;
using K4os.Hash.xxHash;

namespace Litestream.Storage;

/// <summary>
/// Reads one LZ4 frame block by block. The frame is taken apart here and not by K4os, whose stream goes on into what
/// follows the frame, fails at skippable frames, and takes an empty file for an empty frame.
/// </summary>
internal sealed class Lz4DecoderStream(Stream compressed, string key, bool leaveOpen, bool verified) : ForwardStream
{
    private const uint StoredFlag = 0x8000_0000;

    // One compressed byte never stands for more than this many, so that a small block needs no large buffer.
    private const long MaxRatio = 255;

    private readonly byte[] _small = new byte[16];
    private readonly XXH32 _contentHash = new();
    private readonly PooledBuffer _input = new();
    private readonly PooledBuffer _output = new();
    private readonly Lz4Window _window = new();
    private ReplicaCorruptedException? _failure;
    private Lz4FrameHeader _header;
    private bool _headerRead;
    private bool _ended;
    private bool _lost;
    private bool _disposed;
    private bool _fits = true;
    private bool _placed;
    private Memory<byte> _content;
    private long _contentLength;

    public override bool CanRead => !_disposed;

    public override int Read(byte[] buffer, int offset, int count)
    {
        while (!HasOutput(count))
        {
            // Completes before it returns: with sync nothing in it waits.
            NextBlockAsync(buffer.AsMemory(offset, count), sync: true, CancellationToken.None).GetAwaiter().GetResult();
        }

        return Take(buffer.AsSpan(offset, count));
    }

    public override int Read(Span<byte> buffer)
    {
        while (!HasOutput(buffer.Length))
        {
            NextBlockAsync(Memory<byte>.Empty, sync: true, CancellationToken.None).GetAwaiter().GetResult();
        }

        return Take(buffer);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!HasOutput(buffer.Length))
        {
            await NextBlockAsync(buffer, sync: false, cancellationToken).ConfigureAwait(false);
        }

        return Take(buffer.Span);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            ReturnBuffers();
            if (!leaveOpen)
            {
                compressed.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            ReturnBuffers();
            if (!leaveOpen)
            {
                await compressed.DisposeAsync().ConfigureAwait(false);
            }
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    private bool HasOutput(int wanted)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_lost)
        {
            throw _failure ?? new InvalidOperationException($"An earlier read of the object '{key}' was not finished.") as Exception;
        }

        return wanted == 0 || !_content.IsEmpty || _ended;
    }

    private int Take(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _content.Length);
        if (!_placed)
        {
            _content.Span[..count].CopyTo(buffer);
        }

        _placed = false;
        _content = _content[count..];
        return count;
    }

    private async Task NextBlockAsync(Memory<byte> buffer, bool sync, CancellationToken cancellationToken)
    {
        // A read that failed or was cancelled leaves the stream somewhere inside the frame.
        _lost = true;
        await ReadBlockAsync(buffer, sync, cancellationToken).ConfigureAwait(false);
        _lost = false;
    }

    private async ValueTask ReadBlockAsync(Memory<byte> buffer, bool sync, CancellationToken cancellationToken)
    {
        if (!_headerRead)
        {
            await ReadHeaderAsync(sync, cancellationToken).ConfigureAwait(false);
        }

        var word = await ReadUInt32Async(sync, cancellationToken).ConfigureAwait(false);
        if (word == 0)
        {
            await EndAsync(sync, cancellationToken).ConfigureAwait(false);
            return;
        }

        var size = word & ~StoredFlag;
        if (size > _header.MaxBlockSize)
        {
            throw Corrupted("a block is larger than the frame allows");
        }

        var input = _input.Slice((int)size);
        await FillAsync(input, sync, cancellationToken).ConfigureAwait(false);
        if (_header.BlockChecksums
            && await ReadUInt32Async(sync, cancellationToken).ConfigureAwait(false) != XXH32.DigestOf(input.Span))
        {
            throw Corrupted("a block's checksum is wrong");
        }

        Decode(input, stored: (word & StoredFlag) != 0, buffer);
    }

    private void Decode(Memory<byte> input, bool stored, Memory<byte> buffer)
    {
        _content = stored ? input : Decompress(input.Span, buffer);
        _contentLength += _content.Length;
        if (_header.ContentChecksum && !verified)
        {
            _contentHash.Update(_content.Span);
        }

        if (_header.LinkedBlocks)
        {
            _window.Append(_content.Span);
        }
    }

    /// <returns>The content; in the reader's own buffer if it has room for it.</returns>
    private Memory<byte> Decompress(ReadOnlySpan<byte> input, Memory<byte> buffer)
    {
        var most = (int)Math.Min(_header.MaxBlockSize, MaxRatio * input.Length);
        var room = buffer[..Math.Min(buffer.Length, most)];
        if (room.Length == most || (_fits && room.Length > input.Length))
        {
            var placed = LZ4Codec.Decode(input, room.Span, _window.Content);
            if (placed >= 0)
            {
                _placed = placed > 0;
                return room[..placed];
            }

            // Damaged, or larger than the room: then the blocks behind it are so as well, as a rule.
            _fits = false;
        }

        var output = _output.Slice(most);
        var length = LZ4Codec.Decode(input, output.Span, _window.Content);
        return length >= 0 ? output[..length] : throw Corrupted("a block cannot be decompressed");
    }

    private async ValueTask EndAsync(bool sync, CancellationToken cancellationToken)
    {
        if (_header.ContentChecksum
            && await ReadUInt32Async(sync, cancellationToken).ConfigureAwait(false) != _contentHash.Digest()
            && !verified)
        {
            throw Corrupted("the content's checksum is wrong");
        }

        if (_header.ContentSize is { } size && size != _contentLength)
        {
            throw Corrupted($"it should hold {size} bytes and holds {_contentLength}");
        }

        if (_contentLength == 0)
        {
            throw Corrupted("it holds nothing");
        }

        _ended = true;
    }

    private async ValueTask ReadHeaderAsync(bool sync, CancellationToken cancellationToken)
    {
        var read = await ReadUpToAsync(_small.AsMemory(0, 4), sync, cancellationToken).ConfigureAwait(false);
        if (read == 0)
        {
            throw Corrupted("it is empty");
        }

        for (; ; read = await ReadUpToAsync(_small.AsMemory(0, 4), sync, cancellationToken).ConfigureAwait(false))
        {
            var magic = read == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(_small) : throw Truncated();
            if (magic == Lz4FrameHeader.Magic)
            {
                break;
            }

            if (!Lz4FrameHeader.IsSkippable(magic))
            {
                throw Corrupted(Lz4FrameHeader.DescribeOtherMagic(magic));
            }

            await SkipAsync(sync, cancellationToken).ConfigureAwait(false);
        }

        await FillAsync(_small.AsMemory(0, 3), sync, cancellationToken).ConfigureAwait(false);
        var size = Lz4FrameHeader.Size(_small[0]);
        await FillAsync(_small.AsMemory(3, size - 3), sync, cancellationToken).ConfigureAwait(false);
        if (Lz4FrameHeader.Parse(_small.AsSpan(0, size), out _header) is { } wrong)
        {
            throw Corrupted(wrong);
        }

        _headerRead = true;
    }

    private async ValueTask SkipAsync(bool sync, CancellationToken cancellationToken)
    {
        long left = await ReadUInt32Async(sync, cancellationToken).ConfigureAwait(false);
        var scratch = _input.Slice(4096);
        while (left > 0)
        {
            var part = scratch[..(int)Math.Min(left, scratch.Length)];
            await FillAsync(part, sync, cancellationToken).ConfigureAwait(false);
            left -= part.Length;
        }
    }

    private async ValueTask<uint> ReadUInt32Async(bool sync, CancellationToken cancellationToken)
    {
        await FillAsync(_small.AsMemory(0, 4), sync, cancellationToken).ConfigureAwait(false);
        return BinaryPrimitives.ReadUInt32LittleEndian(_small);
    }

    private async ValueTask FillAsync(Memory<byte> buffer, bool sync, CancellationToken cancellationToken)
    {
        if (await ReadUpToAsync(buffer, sync, cancellationToken).ConfigureAwait(false) != buffer.Length)
        {
            throw Truncated();
        }
    }

    private async ValueTask<int> ReadUpToAsync(Memory<byte> buffer, bool sync, CancellationToken cancellationToken) =>
        sync
            ? compressed.ReadAtLeast(buffer.Span, buffer.Length, throwOnEndOfStream: false)
            : await compressed.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);

    private void ReturnBuffers()
    {
        _disposed = true;
        _input.Dispose();
        _output.Dispose();
        _window.Dispose();
    }

    private ReplicaCorruptedException Truncated() => Corrupted("it ends in the middle of its LZ4 frame");

    private ReplicaCorruptedException Corrupted(string what) =>
        _failure = new($"The object '{key}' on the replica is damaged: {what}.", key);
}
