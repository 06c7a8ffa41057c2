using System.Globalization;
using Litestream.Wal;
using Microsoft.Win32.SafeHandles;

namespace Litestream.Restore;

/// <summary>
/// Applies WAL frames to a database image the way a checkpoint does, without SQLite: verifies salts and checksum of every
/// frame, writes the pages of committed transactions to their places, and at the end of an index gives the file the size
/// that the last commit says.
/// </summary>
/// <remarks>
/// Memory is bounded by the batches it is given; frames whose commit has not come yet wait in a file. Within an index the
/// file is never cut, as SQLite's checkpoint does not either: only so do the results equal byte for byte.
/// </remarks>
internal sealed class PageApplier(SafeFileHandle database, string scratchPath) : IDisposable
{
    // SQLite's own limit; page numbers above it are never written by it.
    private const uint MaxPage = uint.MaxValue - 1;
    private const int MaxRun = 64;

    private readonly FrameScratch _scratch = new(scratchPath);
    private readonly List<(uint Page, int Position)> _open = [];
    private readonly Dictionary<uint, int> _committed = [];
    private readonly List<ReadOnlyMemory<byte>> _run = [];
    private readonly long _imageSize = RandomAccess.GetLength(database);
    private WalChain _chain;
    private bool _hasHeader;
    private uint _commitSize;
    private uint _highestPage;
    private long _frames;
    private string _key = "";

    /// <summary>Page size of the database; 0 until the first WAL header has been read.</summary>
    public int PageSize { get; private set; }

    /// <summary>The index being applied.</summary>
    public int Index { get; private set; } = -1;

    /// <summary>How far the index has been read and verified.</summary>
    public long Offset { get; private set; }

    /// <summary>End of the last commit applied in this index; 0 if there was none.</summary>
    public long CommittedOffset { get; private set; }

    /// <summary>Frames that end behind this offset are verified and not applied.</summary>
    public long StopOffset { get; set; } = long.MaxValue;

    /// <summary>An offset of this index whose checksum is to be kept.</summary>
    public long WatchOffset { get; set; }

    /// <summary>The chain's checksum at <see cref="WatchOffset"/>; null if no frame ended there.</summary>
    public ChainChecksum? WatchedChecksum { get; private set; }

    /// <summary>The header of the index's WAL; default before it was read.</summary>
    public WalHeader Header => _chain.Header;

    /// <summary>The chain's checksum at <see cref="Offset"/>.</summary>
    public ChainChecksum Checksum => _chain.Checksum;

    /// <summary>True while frames wait for the commit that makes them count.</summary>
    public bool InTransaction => _scratch.Length > 0;

    public void BeginIndex(int index)
    {
        Index = index;
        Offset = 0;
        CommittedOffset = 0;
        _commitSize = 0;
        _hasHeader = false;
        WatchOffset = 0;
        WatchedChecksum = null;
        _scratch.Clear();
    }

    /// <summary>Takes in the header of the index's WAL.</summary>
    public void AppendHeader(ReadOnlySpan<byte> bytes, string key)
    {
        if (!WalHeader.TryParse(bytes, out var header))
        {
            throw new ReplicaCorruptedException($"The object '{key}' does not begin with a sound WAL header.", key);
        }

        if (PageSize != 0 && header.PageSize != PageSize)
        {
            throw new ReplicaCorruptedException(
                $"The object '{key}' has pages of {header.PageSize} bytes, the WAL before it pages of {PageSize}: it belongs to another database.", key);
        }

        if (_imageSize % header.PageSize != 0)
        {
            throw new ReplicaCorruptedException(
                $"The object '{key}' has pages of {header.PageSize} bytes, of which the snapshot's {_imageSize} bytes are no multiple: they do not belong together.", key);
        }

        PageSize = header.PageSize;
        _chain = new WalChain(header);
        _hasHeader = true;
        Offset = WalHeader.Size;
    }

    /// <summary>Takes in the frames that follow.</summary>
    /// <param name="frames">Whole frames.</param>
    /// <param name="key">The object they come from, for messages.</param>
    /// <exception cref="ReplicaCorruptedException">A frame is not the next one of this WAL, or says what cannot be.</exception>
    public void Append(ReadOnlyMemory<byte> frames, string key)
    {
        if (!_hasHeader || frames.Length % Header.FrameSize != 0)
        {
            throw new InvalidOperationException("A header first, then whole frames.");
        }

        _key = key;
        _open.Clear();
        _committed.Clear();
        var frameSize = Header.FrameSize;
        var openStart = 0;
        var applicable = 0;
        for (var position = 0; position < frames.Length; position += frameSize)
        {
            var header = Verify(frames.Span.Slice(position, frameSize), key);
            Offset += frameSize;
            if (Offset == WatchOffset)
            {
                WatchedChecksum = Checksum;
            }

            if (Offset > StopOffset)
            {
                continue;
            }

            applicable = position + frameSize;
            _open.Add((header.PageNumber, position));
            if (header.IsCommit)
            {
                Commit(header.CommitSize);
                openStart = applicable;
            }
        }

        WriteCommitted(frames);
        if (openStart < applicable)
        {
            _scratch.Append(frames[openStart..applicable]);
        }
    }

    /// <summary>Ends the index: gives the file the size of its last commit.</summary>
    /// <param name="key">The last object of the index, for messages.</param>
    public void EndIndex(string key)
    {
        _scratch.Clear();
        if (CommittedOffset == 0)
        {
            return;
        }

        // A database grows by pages that the WAL holds, but for the lock-byte page: what a forged commit says never makes a
        // file larger than what the replica holds. In between it may have been larger than the image, which can be later.
        var size = (long)_commitSize * PageSize;
        var pages = _imageSize / PageSize;
        if (_commitSize - 1 > Math.Min(Math.Max(_highestPage, pages), pages + _frames))
        {
            throw new ReplicaCorruptedException(
                $"The object '{key}' says that the database has {_commitSize} pages; neither the snapshot nor the WAL has that many.", key);
        }

        RandomAccess.SetLength(database, size);
    }

    public void Dispose() => _scratch.Dispose();

    private WalFrameHeader Verify(ReadOnlySpan<byte> frame, string key)
    {
        var state = _chain.Append(frame, out var header);
        if (state != WalFrameState.Valid)
        {
            var what = state == WalFrameState.OtherSalts ? "belongs to another WAL (other salts)" : "does not continue the checksum chain";
            throw Corrupted(what, key);
        }

        if (header.PageNumber is 0 or > MaxPage)
        {
            throw Corrupted("names an impossible page", key);
        }

        _frames++;
        return header.CommitSize > MaxPage ? throw Corrupted("names an impossible database size", key) : header;
    }

    private void Commit(uint commitSize)
    {
        ApplyScratch(commitSize);
        foreach (var (page, position) in _open)
        {
            // Spilled before the database shrank in the same transaction: nobody ever reads it.
            if (page <= commitSize)
            {
                _committed[page] = position;
            }
        }

        _open.Clear();
        _commitSize = commitSize;
        CommittedOffset = Offset;
    }

    private void ApplyScratch(uint commitSize)
    {
        if (_scratch.Length == 0)
        {
            return;
        }

        var frameSize = Header.FrameSize;
        var buffer = LargeBuffers.Rent(Math.Max(1, 1024 * 1024 / frameSize) * frameSize);
        try
        {
            var capacity = buffer.Length - (buffer.Length % frameSize);
            int read;
            for (long offset = 0; offset < _scratch.Length; offset += read)
            {
                read = _scratch.Read(offset, buffer.AsSpan(0, capacity));
                for (var position = 0; position < read; position += frameSize)
                {
                    var page = WalFrameHeader.Parse(buffer.AsSpan(position)).PageNumber;
                    if (page <= commitSize)
                    {
                        _run.Add(buffer.AsMemory(position + WalFrameHeader.Size, PageSize));
                        WriteRun(page);
                        _highestPage = Math.Max(_highestPage, page);
                    }
                }
            }
        }
        finally
        {
            LargeBuffers.Return(buffer);
        }

        _scratch.Clear();
    }

    // Only the last version of each page, in ascending order, neighbours in one call.
    private void WriteCommitted(ReadOnlyMemory<byte> frames)
    {
        if (_committed.Count == 0)
        {
            return;
        }

        uint runStart = 0;
        foreach (var page in _committed.Keys.Order())
        {
            if (_run.Count == MaxRun || page != runStart + _run.Count)
            {
                WriteRun(runStart);
                runStart = page;
            }

            _run.Add(frames.Slice(_committed[page] + WalFrameHeader.Size, PageSize));
            _highestPage = Math.Max(_highestPage, page);
        }

        WriteRun(runStart);
    }

    private void WriteRun(uint firstPage)
    {
        if (_run.Count > 0)
        {
            try
            {
                RandomAccess.Write(database, _run, (firstPage - 1L) * PageSize);
            }
            catch (IOException exception) when (firstPage - 1 > (_imageSize / PageSize) + _frames)
            {
                // Not the disk's fault: no file system has room for what is not there.
                throw new ReplicaCorruptedException(
                    $"WAL {Index:x8} names page {firstPage}, which neither the snapshot nor the WAL reaches.", _key, exception);
            }

            _run.Clear();
        }
    }

    private ReplicaCorruptedException Corrupted(string what, string key) => new(
        string.Create(CultureInfo.InvariantCulture, $"The frame at offset {Offset:x8} of WAL {Index:x8}, in the object '{key}', {what}."), key);
}
