namespace Litestream.Sqlite;

/// <summary>What a checkpoint achieved.</summary>
/// <param name="LogFrames">Frames in the WAL; -1 if unknown.</param>
/// <param name="CheckpointedFrames">How many of them are in the database file by now, by this checkpoint or earlier ones; -1 if unknown.</param>
/// <param name="Busy">True if nothing was done because somebody else runs a checkpoint.</param>
internal readonly record struct CheckpointResult(int LogFrames, int CheckpointedFrames, bool Busy)
{
    /// <summary>True if the whole WAL is in the database file: a reader that begins now stands on read lock 0.</summary>
    public bool IsComplete => !Busy && LogFrames == CheckpointedFrames;
}
