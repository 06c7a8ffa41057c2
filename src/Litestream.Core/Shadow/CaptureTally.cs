namespace Litestream.Shadow;

/// <summary>What a capture has done since it was last asked.</summary>
/// <param name="CopiedBytes">Bytes of WAL.</param>
/// <param name="Started">Why a generation was started; null if none was.</param>
/// <param name="Checkpoint">The last checkpoint; null if there was none.</param>
internal readonly record struct CaptureTally(long CopiedBytes, GenerationReason? Started, CheckpointRun? Checkpoint)
{
    /// <summary>True if there was nothing to do.</summary>
    public bool IsEmpty => CopiedBytes == 0 && Started is null && Checkpoint is null;
}
