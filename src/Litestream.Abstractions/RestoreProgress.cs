namespace Litestream;

/// <summary>How far a restore has come.</summary>
/// <param name="ObjectsDone">Objects (snapshot and WAL segments) applied so far.</param>
/// <param name="ObjectsTotal">Objects that the plan needs.</param>
/// <param name="BytesDone">Stored (compressed) bytes read so far.</param>
/// <param name="BytesTotal">Stored (compressed) bytes of the plan.</param>
public readonly record struct RestoreProgress(int ObjectsDone, int ObjectsTotal, long BytesDone, long BytesTotal)
{
    /// <summary>
    /// How long the rest will take if it goes on at the pace so far; without the check of the result, which comes last. Null
    /// until that can be said.
    /// </summary>
    public TimeSpan? Remaining { get; init; }
}
