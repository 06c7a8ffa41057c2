using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Replication;

/// <summary>
/// An object before it is uploaded: in memory when it is small, else in a file of the spool folder that goes away with
/// it, also when the process is killed (on Unix the folder is emptied at the next start).
/// </summary>
internal sealed class ObjectDraft : IDisposable
{
    private byte[]? _rented;

    private ObjectDraft(Stream content, byte[]? rented)
    {
        Content = content;
        _rented = rented;
    }

    /// <summary>What is written to, and uploaded from.</summary>
    public Stream Content { get; }

    /// <summary>A draft in memory that takes at most <paramref name="capacity"/> bytes.</summary>
    public static ObjectDraft InMemory(int capacity)
    {
        var rented = LargeBuffers.Rent(capacity);
        var content = new MemoryStream(rented, 0, rented.Length, writable: true);
        content.SetLength(0);
        return new ObjectDraft(content, rented);
    }

    /// <summary>A draft in a file of its own.</summary>
    public static ObjectDraft InFile(string directory)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, $"{Guid.NewGuid():n}.spool");
        return new ObjectDraft(new SpooledFile(path), rented: null);
    }

    /// <summary>Writes the object's LZ4 frame.</summary>
    /// <param name="write">Writes the content; null when there turned out to be none worth having.</param>
    /// <returns>What <paramref name="write"/> returned. Only if that is not null is there a frame.</returns>
    public T? Encode<T>(Func<Stream, T?> write)
        where T : struct
    {
        var encoder = Lz4Frame.OpenEncoder(Content, leaveOpen: true);
        T? written = null;
        try
        {
            written = write(encoder);
        }
        finally
        {
            if (written is null)
            {
                Abandon(encoder);
            }
        }

        encoder.Dispose();
        return written;
    }

    public void Dispose()
    {
        Content.Dispose();
        if (_rented is { } rented)
        {
            _rented = null;
            LargeBuffers.Return(rented);
        }
    }

    /// <summary>Gives the encoder's buffers back. That it cannot end its frame now must not hide why.</summary>
    private static void Abandon(Stream encoder)
    {
        try
        {
            encoder.Dispose();
        }
        catch (InvalidOperationException)
        {
        }
        catch (IOException)
        {
        }
    }
}
