namespace Litestream;

/// <summary>What <see cref="ILitestream.DeleteBackupAsync"/> has deleted.</summary>
/// <param name="Objects">How many objects, on all replicas.</param>
/// <param name="Bytes">Their size.</param>
public sealed record BackupDeletion(long Objects, long Bytes);
