using Litestream.Storage;
using Microsoft.Win32.SafeHandles;

namespace Litestream.Restore;

/// <summary>
/// Holds the frames of a transaction whose end has not been read yet, on disk: a transaction may be larger than memory.
/// </summary>
internal sealed class FrameScratch(string path) : IDisposable
{
    private SafeFileHandle? _file;

    /// <summary>Bytes held.</summary>
    public long Length { get; private set; }

    public void Append(ReadOnlyMemory<byte> frames)
    {
        if (frames.IsEmpty)
        {
            return;
        }

        if (_file is null)
        {
            _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);
            FileAccessRights.ForOwnerAlone(_file);
        }

        RandomAccess.Write(_file, frames.Span, Length);
        Length += frames.Length;
    }

    /// <summary>Reads from <paramref name="offset"/> on; fills the buffer unless the end comes first.</summary>
    public int Read(long offset, Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, Length - offset);
        var count = 0;
        while (count < wanted)
        {
            var read = RandomAccess.Read(_file!, buffer[count..wanted], offset + count);
            if (read == 0)
            {
                throw new IOException($"The temporary file '{path}' was cut by someone else.");
            }

            count += read;
        }

        return count;
    }

    /// <summary>Forgets what is held. The file's length stays: the next transaction overwrites it.</summary>
    public void Clear() => Length = 0;

    public void Dispose() => _file?.Dispose();
}
