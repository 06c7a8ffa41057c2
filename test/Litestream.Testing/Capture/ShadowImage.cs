using Litestream.Shadow;
using Litestream.Sqlite;
using Litestream.Wal;

namespace Litestream.Testing.Capture;

/// <summary>
/// What a replica would restore to: a base image with the frames of the shadow laid over it, up to an exact position. Every
/// frame is verified again on the way.
/// </summary>
internal sealed class ShadowImage
{
    private readonly SortedDictionary<uint, byte[]> _uncommitted = [];
    private byte[] _bytes = [];
    private WalChain? _chain;

    /// <summary>Up to where the image is.</summary>
    public ReplicationPosition Position { get; private set; }

    public int PageSize { get; private set; }

    /// <summary>Frames laid over base images so far.</summary>
    public long Frames { get; private set; }

    /// <summary>Commits among them.</summary>
    public long Commits { get; private set; }

    /// <summary>How often replaying went on from one index to the next.</summary>
    public int Restarts { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Starts over from an image that the engine has opened.</summary>
    public void Rebase(IDatabaseImage image, WalHeader? header)
    {
        PageSize = image.PageSize;
        _bytes = new byte[(long)image.PageCount * PageSize];
        _uncommitted.Clear();
        Position = image.Position;
        _chain = Position.Offset > 0 ? new WalChain(header!.Value, image.Checksum) : null;
        Span<byte> left = _bytes;
        for (uint page = 1; page <= image.PageCount;)
        {
            var read = image.ReadPages(page, left[..Math.Min(left.Length, 16 * PageSize)]);
            if (read == 0 || read % PageSize != 0)
            {
                throw new ImageMismatchException($"The image of {image.PageCount} pages gave {read} bytes at page {page}.");
            }

            page += (uint)(read / PageSize);
            left = left[read..];
        }
    }

    /// <summary>
    /// Finds the position at which a reader of the database stands. <paramref name="before"/> is how far the capture had
    /// come when the reader began.
    /// </summary>
    public static ReplicationPosition Locate(ShadowWal shadow, WalIndexHeader reader, ReplicationPosition before)
    {
        if (reader.MaxFrame == 0)
        {
            // An empty WAL: all there ever was had been captured before it could become empty.
            return before;
        }

        foreach (var index in shadow.Indexes(before.Generation).Reverse())
        {
            if (shadow.Find(before.Generation, index) is { Header: { } header } found && header.Salts == reader.Salts)
            {
                var end = WalFormat.EndOfFrame(reader.MaxFrame, header.PageSize);
                return end <= found.Length
                    ? new ReplicationPosition(before.Generation, index, end)
                    : throw new ImageMismatchException($"Index {index} is captured up to {found.Length}, but a reader stands at {end}.");
            }
        }

        throw new ImageMismatchException($"A reader stands in a WAL with salts {reader.Salts}, of which nothing is captured.");
    }

    /// <summary>Lays every frame over the image up to a position, which must be the end of a commit.</summary>
    public void ReplayTo(ShadowWal shadow, ReplicationPosition target)
    {
        if (target.Generation != Position.Generation || (target.Index, target.Offset).CompareTo((Position.Index, Position.Offset)) < 0)
        {
            throw new ImageMismatchException($"The image is at {Position}; {target} does not lie ahead.");
        }

        while (Position.Index < target.Index)
        {
            var index = shadow.Find(Position.Generation, Position.Index)
                ?? throw new ImageMismatchException($"Index {Position.Index} is not kept.");
            if (!index.IsComplete)
            {
                throw new ImageMismatchException($"Index {Position.Index} goes on although {target} is captured.");
            }

            Replay(shadow, Position with { Offset = index.Length });
            Position = new ReplicationPosition(Position.Generation, Position.Index + 1, 0);
            _chain = null;
            Restarts++;
        }

        Replay(shadow, target);
    }

    private void Replay(ShadowWal shadow, ReplicationPosition to)
    {
        if (to.Offset > 0 && Position.Offset == 0)
        {
            Span<byte> bytes = stackalloc byte[WalHeader.Size];
            Read(shadow, bytes);
            if (!WalHeader.TryParse(bytes, out var header) || header.PageSize != PageSize)
            {
                throw new ImageMismatchException($"{Position}: no sound header of a WAL with pages of {PageSize} bytes.");
            }

            _chain = new WalChain(header);
            Position = Position with { Offset = WalHeader.Size };
        }

        var frame = new byte[WalFormat.FrameSize(PageSize)];
        while (Position.Offset < to.Offset)
        {
            Read(shadow, frame);
            var chain = _chain!.Value;
            var state = chain.Append(frame, out var header);
            if (state != WalFrameState.Valid)
            {
                throw new ImageMismatchException($"{Position}: the frame is not sound ({state}).");
            }

            _chain = chain;
            _uncommitted[header.PageNumber] = frame[WalFrameHeader.Size..];
            if (header.CommitSize > 0)
            {
                Commit(header.CommitSize);
            }

            Frames++;
            Position = Position with { Offset = Position.Offset + frame.Length };
        }

        if (_uncommitted.Count > 0)
        {
            throw new ImageMismatchException($"{Position} lies inside a transaction.");
        }
    }

    private void Commit(uint pages)
    {
        Array.Resize(ref _bytes, checked((int)(pages * (long)PageSize)));
        foreach (var (page, content) in _uncommitted)
        {
            // A transaction that shrank the database may have written pages before that do not exist any more.
            if (page <= pages)
            {
                content.CopyTo(_bytes.AsSpan((int)((page - 1) * (long)PageSize)));
            }
        }

        _uncommitted.Clear();
        Commits++;
    }

    private void Read(ShadowWal shadow, Span<byte> buffer)
    {
        if (shadow.Read(Position.Generation, Position.Index, Position.Offset, buffer) != buffer.Length)
        {
            throw new ImageMismatchException($"{Position}: the shadow ends here, too soon.");
        }
    }
}
