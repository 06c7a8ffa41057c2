using System.Buffers;
using System.Runtime.InteropServices;
using K4os.Hash.xxHash;
using Litestream.Shadow;
using Litestream.Wal;
using Microsoft.Win32.SafeHandles;

namespace Litestream.Verification;

/// <summary>
/// A hash of every page of a database at one position, in a temporary file of eight bytes for each: taken while the
/// database is held still, compared when it has long been let go.
/// </summary>
internal sealed class PageHashes : IDisposable
{
    /// <summary>SQLite never uses the page that holds this byte: its locks lie there. (https://sqlite.org/fileformat2.html#the_lock_byte_page)</summary>
    private const long LockByte = 0x40000000;

    private const int ReadBytes = 1 << 20;

    private readonly SafeFileHandle _file;

    private PageHashes(SafeFileHandle file, IDatabaseImage image) =>
        (_file, Position, PageSize, PageCount, TakenAt) = (file, image.Position, image.PageSize, image.PageCount, image.TakenAt);

    public ReplicationPosition Position { get; }

    public int PageSize { get; }

    public uint PageCount { get; }

    public DateTimeOffset TakenAt { get; }

    /// <summary>Size of the database in bytes.</summary>
    public long DatabaseSize => (long)PageCount * PageSize;

    /// <summary>Reads the whole image.</summary>
    /// <exception cref="LitestreamException">A page could not be read.</exception>
    /// <exception cref="IOException">The temporary file could not be written.</exception>
    public static PageHashes Take(IDatabaseImage image, string path, CancellationToken cancellationToken)
    {
        var hashes = new PageHashes(
            File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose), image);
        var buffer = LargeBuffers.Rent(ReadBytes);
        var row = ArrayPool<ulong>.Shared.Rent(ReadBytes / 512);
        try
        {
            uint page = 1;
            for (int read; (read = image.ReadPages(page, buffer.AsSpan(0, ReadBytes))) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = Hash(buffer.AsSpan(0, read), image.PageSize, row);
                RandomAccess.Write(hashes._file, MemoryMarshal.AsBytes(row.AsSpan(0, count)), (page - 1L) * sizeof(ulong));
                page += (uint)count;
            }

            return page - 1 == image.PageCount
                ? hashes
                : throw new LitestreamException($"The image at {image.Position} has {page - 1} pages instead of {image.PageCount}.");
        }
        catch
        {
            hashes.Dispose();
            throw;
        }
        finally
        {
            LargeBuffers.Return(buffer);
            ArrayPool<ulong>.Shared.Return(row);
        }
    }

    /// <summary>Compares a restored database.</summary>
    /// <returns>What differs, in words; null if nothing does.</returns>
    public string? Compare(string restoredPath, CancellationToken cancellationToken)
    {
        using var restored = File.OpenHandle(restoredPath);
        var size = RandomAccess.GetLength(restored);
        var buffer = LargeBuffers.Rent(ReadBytes);
        var (row, expected) = (ArrayPool<ulong>.Shared.Rent(ReadBytes / 512), ArrayPool<ulong>.Shared.Rent(ReadBytes / 512));
        try
        {
            var (differing, first, last) = (0L, 0L, 0L);
            for (long offset = 0; offset < Math.Min(size, DatabaseSize);)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var whole = (int)Math.Min(ReadBytes, Math.Min(size, DatabaseSize) - offset);
                ReadExactly(restored, buffer.AsSpan(0, whole), offset);
                var count = Hash(buffer.AsSpan(0, whole), PageSize, row);
                ReadExactly(_file, MemoryMarshal.AsBytes(expected.AsSpan(0, count)), offset / PageSize * sizeof(ulong));
                for (var i = 0; i < count; i++)
                {
                    var page = (offset / PageSize) + i + 1;
                    if (row[i] != expected[i] && page != (LockByte / PageSize) + 1)
                    {
                        first = differing++ == 0 ? page : first;
                        last = page;
                    }
                }

                offset += whole;
            }

            return size != DatabaseSize ? $"the restored database has {size} bytes, the live one {DatabaseSize}"
                : differing == 1 ? $"page {first} of {PageCount} differs"
                : differing > 1 ? $"{differing} of {PageCount} pages differ, the first is page {first}, the last page {last}"
                : null;
        }
        finally
        {
            LargeBuffers.Return(buffer);
            ArrayPool<ulong>.Shared.Return(row);
            ArrayPool<ulong>.Shared.Return(expected);
        }
    }

    public void Dispose() => _file.Dispose();

    // A restored file that ends inside a page has the wrong size, which is said; its rest counts as a page.
    private static int Hash(ReadOnlySpan<byte> pages, int pageSize, Span<ulong> hashes)
    {
        var count = 0;
        for (; !pages.IsEmpty; pages = pages[Math.Min(pageSize, pages.Length)..])
        {
            hashes[count++] = XXH64.DigestOf(pages[..Math.Min(pageSize, pages.Length)]);
        }

        return count;
    }

    private static void ReadExactly(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        while (!buffer.IsEmpty)
        {
            var read = RandomAccess.Read(file, buffer, offset);
            if (read == 0)
            {
                throw new IOException("A temporary file of a verification was cut by someone else.");
            }

            buffer = buffer[read..];
            offset += read;
        }
    }
}
