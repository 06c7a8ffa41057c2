namespace Litestream.Storage;

/// <summary>Says that everything up to an offset of a WAL had been committed at a time (UTC, to the microsecond).</summary>
/// <param name="EndOffset">Offset in the WAL of the end of a commit frame.</param>
/// <param name="NoticedAt">When it was noticed; null when nobody knows (the process was away).</param>
internal readonly record struct CommitTime(long EndOffset, DateTimeOffset? NoticedAt);
