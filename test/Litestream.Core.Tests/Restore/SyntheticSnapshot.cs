namespace Litestream.Restore;

internal sealed record SyntheticSnapshot(string Key, int Index, long CoveredOffset, DateTimeOffset TakenAt, byte[] Image);
