using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>
/// What lies behind the data of an object in which no trailer was found: nothing, something that is not ours, or what is
/// left of a trailer. An object that was cut there decodes like one of Litestream's, which has no trailer to lose.
/// </summary>
internal static class ObjectTail
{
    private const int MagicBytes = 4;

    /// <summary>Verifies what follows the LZ4 frame.</summary>
    /// <param name="rest">The object, read up to the end of its LZ4 frame.</param>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ReplicaCorruptedException">A trailer of ours has lost its end.</exception>
    public static async Task VerifyAsync(Stream rest, string key, CancellationToken cancellationToken)
    {
        using var buffer = new PooledBuffer();
        var tail = buffer.Slice(TrailerFrame.MaxLength);
        var read = await rest.ReadAtLeastAsync(tail[..MagicBytes], MagicBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (read == 0 || !TrailerFrame.Begins(tail.Span[..read]))
        {
            return;
        }

        read += await rest.ReadAtLeastAsync(tail[read..], tail.Length - read, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (!TrailerFrame.Ends(tail.Span[..read]))
        {
            throw new ReplicaCorruptedException($"The object '{key}' is cut: the trailer behind its data has no end.", key);
        }
    }
}
