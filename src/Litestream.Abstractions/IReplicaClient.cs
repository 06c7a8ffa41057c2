namespace Litestream;

/// <summary>
/// A place that keeps objects by key: a folder, a bucket. It knows keys, not WALs; the layout of a replica is made
/// above it. Safe for concurrent calls. It makes no retries of its own: the caller decides by
/// <see cref="LitestreamException.IsTransient"/>.
/// </summary>
/// <remarks>
/// Every failure to reach or read the store is a <see cref="ReplicaException"/>, misuse is an
/// <see cref="ArgumentException"/>. A listing either yields everything there is or throws; "nothing there" is never said
/// of a store that could not be read. Keys have parts separated by <c>/</c>, no leading or trailing <c>/</c>, no empty
/// part, no <c>.</c> or <c>..</c> part; anything else is an <see cref="ArgumentException"/>.
/// </remarks>
public interface IReplicaClient : IAsyncDisposable
{
    /// <summary>Where the replica lies, for messages; never contains a secret.</summary>
    Uri Location { get; }

    /// <summary>All objects whose key begins with <paramref name="prefix"/>, in ordinal order of key.</summary>
    /// <param name="prefix">The start of the keys, usually ending in <c>/</c>; empty for everything.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ReplicaException">The store could not be read, or not completely.</exception>
    IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, CancellationToken cancellationToken = default);

    /// <summary>
    /// The distinct path segments that follow <paramref name="prefix"/> in keys which go on behind them with a
    /// <c>/</c>: for <c>generations/</c> the names of the generations. In ordinal order, without separators.
    /// </summary>
    /// <param name="prefix">Empty, or a path ending in <c>/</c>.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ReplicaException">The store could not be read, or not completely.</exception>
    IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default);

    /// <summary>Opens an object, or a range of it, for reading. The caller disposes the stream.</summary>
    /// <param name="key">The key of the object.</param>
    /// <param name="offset">First byte to read. At or past the end of the object the stream is empty.</param>
    /// <param name="length">At most this many bytes; null reads to the end.</param>
    /// <param name="cancellationToken">Cancels the opening; reads take their own token.</param>
    /// <exception cref="ReplicaObjectNotFoundException">There is no such object.</exception>
    /// <exception cref="ReplicaException">The store could not be read.</exception>
    Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes an object, whole or not at all. When the call returns, the object is durable and visible. When it throws,
    /// the object may or may not be there (the answer can be lost), but never in part.
    /// </summary>
    /// <param name="key">The key of the object.</param>
    /// <param name="seekableContent">Read from its current position to its end; not disposed. Must be seekable.</param>
    /// <param name="mode">Whether an existing object is replaced.</param>
    /// <param name="cancellationToken">Gives up; the object may still have been written.</param>
    /// <returns>
    /// The object as the store now lists it; where a store's answer has no time of the object, the time of the answer, by the
    /// store's clock.
    /// </returns>
    /// <exception cref="ReplicaObjectExistsException">The key exists and <paramref name="mode"/> is <see cref="WriteMode.CreateNew"/>.</exception>
    /// <exception cref="ReplicaException">The store could not be written.</exception>
    Task<ReplicaObject> WriteAsync(string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default);

    /// <summary>Deletes objects. A key that is not there is no error.</summary>
    /// <param name="keys">The keys; they are deleted in the order given as far as the store allows.</param>
    /// <param name="cancellationToken">Gives up; some may be deleted.</param>
    /// <exception cref="ReplicaException">At least one key could not be deleted; names it.</exception>
    Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default);
}
