namespace Litestream.Restore;

internal sealed record SyntheticSegment(string Key, int Index, long Offset, long EndOffset, DateTimeOffset CreatedAt);
