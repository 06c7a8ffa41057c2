using System.Security.Cryptography;
using Litestream.Sqlite;
using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>
/// Hashes a database that has no WAL, for <see cref="ShadowState.FileHash"/>: a part at a time, so that whoever commits or
/// wants a snapshot meanwhile does not wait for the whole. Nothing writes to the file: a mark on an empty WAL forbids
/// backfilling. Used by one thread at a time.
/// </summary>
internal sealed class RestingFile
{
    /// <summary>About a second of hashing. Above, a snapshot at the next start is the lesser evil.</summary>
    private const long Largest = 1L << 30;

    private const int BlockSize = 1 << 20;

    /// <summary>Of so many blocks the hash takes some milliseconds.</summary>
    private const int BlocksAtOnce = 8;

    private readonly ReadMark _mark;
    private byte[] _chain = [];
    private long _offset;

    private RestingFile(ReadMark mark, string? hash) => (_mark, Hash) = (mark, hash);

    /// <summary>The hash; null until it is finished, and for a file that is too large to be read at every stop and start.</summary>
    public string? Hash { get; private set; }

    /// <summary>Whether there is such a file: only where an exact mark stands on an empty WAL.</summary>
    public static bool IsUnder(ReadMark mark) => mark is { IsExact: true, Header.MaxFrame: 0 };

    /// <summary>Begins with the file that the mark pins.</summary>
    public static RestingFile Begin(ReadMark mark) => new(mark, hash: null);

    /// <summary>A file whose hash is known.</summary>
    public static RestingFile Known(ReadMark mark, string hash) => new(mark, hash);

    /// <summary>Whether this is still the file that the mark pins, and nobody has written to it since.</summary>
    public bool IsOf(ReadMarks marks) => _mark == marks.Mark && marks.IsFileUntouched();

    /// <summary>The hash of the whole file, at once.</summary>
    /// <returns>Null for a file that is too large.</returns>
    public static string? HashOf(ReadMarks marks)
    {
        var file = Begin(marks.Mark);
        while (!file.Advance(marks))
        {
        }

        return file.Hash;
    }

    /// <summary>Hashes the next part.</summary>
    /// <returns>True once there is nothing left to do.</returns>
    public bool Advance(ReadMarks marks)
    {
        var size = marks.File.DatabaseSize();
        if (Hash is not null || size > Largest)
        {
            return true;
        }

        var buffer = LargeBuffers.Rent(SHA256.HashSizeInBytes + BlockSize);
        try
        {
            for (var i = 0; i < BlocksAtOnce && _offset < size; i++)
            {
                // Each block together with the hash of all before it.
                _chain.CopyTo(buffer, 0);
                var read = marks.File.ReadDatabase(_offset, buffer.AsSpan(_chain.Length, BlockSize));
                if (read == 0)
                {
                    return true; // shorter than it was, which nobody may make it: no hash
                }

                _chain = SHA256.HashData(buffer.AsSpan(0, _chain.Length + read));
                _offset += read;
            }
        }
        finally
        {
            LargeBuffers.Return(buffer);
        }

        if (_offset >= size)
        {
            Hash = Convert.ToHexStringLower(_chain);
        }

        return Hash is not null;
    }
}
