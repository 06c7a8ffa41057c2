namespace Litestream.Testing;

/// <summary>An entry of a <see cref="Ledger"/>.</summary>
/// <param name="Id">Its number, from 1.</param>
/// <param name="Chain">The hash of it and of all before it.</param>
public sealed record LedgerEntry(long Id, string Chain);
