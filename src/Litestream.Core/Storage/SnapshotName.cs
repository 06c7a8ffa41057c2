namespace Litestream.Storage;

/// <summary>What the key of a snapshot says.</summary>
internal readonly record struct SnapshotName(string Generation, int Index, bool Compressed);
