namespace Litestream.Storage;

/// <summary>A snapshot as a listing shows it.</summary>
/// <param name="Name">What its key says.</param>
/// <param name="Key">Its key.</param>
/// <param name="Size">Stored size in bytes.</param>
/// <param name="CreatedAt">The store's time of it: of its upload, not of the data.</param>
internal sealed record CatalogSnapshot(SnapshotName Name, string Key, long Size, DateTimeOffset CreatedAt)
{
    public int Index => Name.Index;

    /// <summary>The object as the client lists it.</summary>
    public ReplicaObject Object => new(Key, Size, CreatedAt);
}
