namespace Litestream.Wal;

/// <summary>The two salts of a WAL: drawn anew at every restart, repeated in every frame that belongs to it.</summary>
internal readonly record struct WalSalts(uint Salt1, uint Salt2);
