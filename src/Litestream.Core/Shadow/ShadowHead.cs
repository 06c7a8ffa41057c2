using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>How far the database has been captured. Immutable; a new one is published after every pass that moved.</summary>
/// <param name="Sequence">
/// Grows with every publication in this process, over generations: what a waiter waits for. A replica that holds
/// <paramref name="Position"/> holds everything up to this sequence.
/// </param>
/// <param name="Position">The end of what is captured. Its offset is 0 while the index has no WAL header yet.</param>
/// <param name="Header">The header of the index's WAL; null while it has none.</param>
/// <param name="Checksum">The chain's checksum at <paramref name="Position"/>; default without a header.</param>
/// <param name="CapturedAt">When the last commit up to here was noticed.</param>
internal sealed record ShadowHead(
    long Sequence,
    ReplicationPosition Position,
    WalHeader? Header,
    ChainChecksum Checksum,
    DateTimeOffset CapturedAt);
