namespace Litestream;

/// <summary>A snapshot on a replica: an image of the whole database, from which a restore starts.</summary>
/// <param name="Index">The WAL index that its restore goes on with.</param>
/// <param name="CreatedAt">When it was taken, or where it does not say so itself, when it was stored.</param>
/// <param name="Size">Stored (compressed) size in bytes.</param>
public sealed record BackupSnapshot(int Index, DateTimeOffset CreatedAt, long Size);
