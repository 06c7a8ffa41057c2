namespace Litestream.Replication;

/// <summary>The newest snapshot that a replica is known to hold of a generation.</summary>
/// <param name="Generation">The generation.</param>
/// <param name="Index">The index it is named by: the format has room for one snapshot in each.</param>
/// <param name="CreatedAt">The store's time of it.</param>
internal sealed record KnownSnapshot(string Generation, int Index, DateTimeOffset CreatedAt);
