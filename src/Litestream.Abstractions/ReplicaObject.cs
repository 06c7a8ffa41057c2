namespace Litestream;

/// <summary>One object on a replica, as a listing shows it.</summary>
/// <param name="Key">The key below the replica's root, parts separated by <c>/</c>, without a leading one.</param>
/// <param name="Size">Stored size in bytes.</param>
/// <param name="CreatedAt">The store's own time of the object: a file's modification time, an object's Last-Modified.</param>
public readonly record struct ReplicaObject(string Key, long Size, DateTimeOffset CreatedAt);
