using System.Buffers.Binary;
using Litestream.Sqlite;
using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>
/// The database exactly at one position: the raw file, read through SQLite's own handle, with the shadow's last version of
/// every page up to the position laid over it.
/// </summary>
/// <remarks>
/// The read transaction forbids two things while the file is read: that frames behind the position are backfilled, and
/// that the WAL restarts twice. So the raw file holds frames up to the position at most; which of them, and whether one is
/// being written this moment, does not matter, since each of their pages is taken from the shadow.
/// </remarks>
internal sealed class DatabaseImage : IDatabaseImage
{
    /// <summary>SQLite never uses the page that holds this byte: its locks lie there. (https://sqlite.org/fileformat2.html#the_lock_byte_page)</summary>
    private const long LockByte = 0x40000000;

    private readonly ReadConnection _reader;
    private readonly ShadowFile? _shadow;
    private readonly Dictionary<uint, uint> _frameOfPage;
    private readonly string _path;

    private DatabaseImage(ReadConnection reader, string path, ShadowFile? shadow, Dictionary<uint, uint> frameOfPage)
    {
        (_reader, _path, _shadow, _frameOfPage) = (reader, path, shadow, frameOfPage);
        PageSize = (int)reader.Connection.QueryLong("PRAGMA page_size");
        PageCount = (uint)reader.Connection.QueryLong("PRAGMA page_count");
    }

    public required ReplicationPosition Position { get; init; }

    public required WalSalts Salts { get; init; }

    public required ChainChecksum Checksum { get; init; }

    public int PageSize { get; }

    public uint PageCount { get; }

    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>Takes the image. The caller sees to it that nothing else copies meanwhile.</summary>
    /// <param name="connection">A connection of the image's own; disposed with it, also when this throws.</param>
    /// <param name="path">The database, for messages.</param>
    /// <param name="shadow">The shadow.</param>
    /// <param name="copy">Copies every frame up to the wal-index's current maximum into it.</param>
    /// <param name="time">The clock.</param>
    public static DatabaseImage Open(DatabaseConnection connection, string path, ShadowWal shadow, Action copy, TimeProvider time)
    {
        var reader = new ReadConnection(connection);
        try
        {
            var before = shadow.Head ?? throw new InvalidOperationException("No generation has been started.");
            var mark = reader.BeginRead();
            if (!mark.IsExact)
            {
                throw new LitestreamException(
                    $"No still moment was found to take an image of '{path}': the wal-index changes all the time.", innerException: null, isTransient: true);
            }

            copy();

            // No commit in the image may look later than the image itself, also if the clock was set back.
            var takenAt = time.GetUtcNow() is var now && shadow.Head!.CapturedAt is var captured && captured > now ? captured : now;
            var header = mark.Header;
            if (header.MaxFrame == 0)
            {
                // The WAL is empty, so the file alone is the database, and nothing it ever held is missing in the shadow.
                return new DatabaseImage(reader, path, shadow: null, [])
                {
                    Position = before.Position,
                    Salts = before.Header?.Salts ?? default,
                    Checksum = before.Checksum,
                    TakenAt = takenAt,
                };
            }

            var file = FileOf(shadow, header)
                ?? throw new LitestreamException($"The image of '{path}' is older than what the shadow keeps.", innerException: null, isTransient: true);
            return new DatabaseImage(reader, path, file, LastFrames(file, header))
            {
                Position = new ReplicationPosition(file.Generation, file.Index, WalFormat.EndOfFrame(header.MaxFrame, header.PageSize)),
                Salts = header.Salts,
                Checksum = header.FrameChecksum,
                TakenAt = takenAt,
            };
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    public int ReadPages(uint firstPage, Span<byte> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfZero(firstPage);
        if (firstPage > PageCount)
        {
            return 0;
        }

        var pages = (uint)Math.Min(PageCount - firstPage + 1, buffer.Length / PageSize);
        buffer = buffer[..(int)(pages * PageSize)];
        var start = (long)(firstPage - 1) * PageSize;
        var inFile = _reader.File.ReadDatabase(start, buffer);
        for (uint page = firstPage; page < firstPage + pages; page++)
        {
            var at = (int)(page - firstPage) * PageSize;
            var slot = buffer.Slice(at, PageSize);
            if (_frameOfPage.TryGetValue(page, out var frame))
            {
                var offset = WalFormat.EndOfFrame(frame, PageSize) - PageSize;
                if (_shadow!.Read(offset, slot) != PageSize)
                {
                    throw new LitestreamException($"Frame {frame} of the shadow of '{_path}' could not be read.");
                }
            }
            else if (at + PageSize > inFile)
            {
                // Never zeros for a page that should be there; the lock-byte page alone may never have been written.
                if (page != LockByte / PageSize + 1)
                {
                    throw new LitestreamException(
                        $"Page {page} of '{_path}' is neither in the WAL nor in the file, which ends at byte {start + inFile}. Has something truncated it?");
                }

                slot.Clear();
            }
        }

        return buffer.Length;
    }

    public void Dispose()
    {
        _reader.Connection.EndRead();
        _reader.Dispose();
    }

    /// <summary>The index whose WAL the image's transaction reads: the last one, or the one before if the WAL restarted just now.</summary>
    private static ShadowFile? FileOf(ShadowWal shadow, WalIndexHeader header)
    {
        var last = shadow.Last;
        foreach (var file in new[] { last, shadow.FindFile(last.Generation, last.Index - 1) })
        {
            if (file?.Header is { } walHeader
                && walHeader.Salts == header.Salts
                && file.Length >= WalFormat.EndOfFrame(header.MaxFrame, header.PageSize)
                && ChecksumAt(file, WalFormat.EndOfFrame(header.MaxFrame, header.PageSize)) == header.FrameChecksum)
            {
                return file;
            }
        }

        return null;
    }

    /// <summary>The last frame of every page, up to the image's position.</summary>
    private static Dictionary<uint, uint> LastFrames(ShadowFile file, WalIndexHeader header)
    {
        var frames = new Dictionary<uint, uint>();
        Span<byte> pageNumber = stackalloc byte[4];
        for (uint frame = 1; frame <= header.MaxFrame; frame++)
        {
            file.Read(WalFormat.EndOfFrame(frame - 1, header.PageSize), pageNumber);
            frames[BinaryPrimitives.ReadUInt32BigEndian(pageNumber)] = frame;
        }

        return frames;
    }

    private static ChainChecksum ChecksumAt(ShadowFile file, long offset)
    {
        Span<byte> frameHeader = stackalloc byte[WalFrameHeader.Size];
        file.Read(offset - file.Header!.Value.FrameSize, frameHeader);
        return WalFrameHeader.Parse(frameHeader).Checksum;
    }
}
