namespace Litestream;

/// <summary>A stretch of time of which every moment can be restored.</summary>
/// <param name="From">Its beginning: when a snapshot was taken.</param>
/// <param name="Until">Its end: the time of the last commit before a hole, or of the generation.</param>
/// <param name="FirstIndex">The WAL index that it begins in.</param>
/// <param name="LastIndex">The WAL index that it ends in.</param>
public sealed record BackupRange(DateTimeOffset From, DateTimeOffset Until, int FirstIndex, int LastIndex);
