using System.Globalization;
using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>A stretch of a generation whose WAL is not on the replica.</summary>
/// <param name="Before">The last segment before it; null if there is none behind the snapshot.</param>
/// <param name="BehindIndex">The index in which the generation goes on.</param>
/// <param name="BehindKey">The first object behind it.</param>
/// <param name="IsMarked">True if that object says that it follows nothing: the replica rejoined there. Else something was lost.</param>
internal sealed record GenerationHole(CatalogSegment? Before, int BehindIndex, string BehindKey, bool IsMarked)
{
    /// <summary>The error for something asked for that lies in the hole.</summary>
    /// <param name="asked">What, as the subject of a sentence.</param>
    /// <param name="snapshot">The snapshot before the hole.</param>
    /// <param name="restorable">What can be restored instead, as a sentence.</param>
    public ReplicaException Refuse(string asked, CatalogSnapshot snapshot, string restorable)
    {
        var before = Before?.Key ?? snapshot.Key;
        if (IsMarked)
        {
            return new BackupNotFoundException(
                $"{asked} cannot be restored: the replica had fallen behind too far and rejoined with a fresh snapshot, so that it lacks what was committed between '{before}' and '{BehindKey}'. {restorable}");
        }

        var missing = Before is null ? snapshot.Index : Before.Index + 1;
        return BehindIndex > missing
            ? SegmentTiling.MissingIndex(snapshot.Name.Generation, missing, BehindKey)
            : new ReplicaCorruptedException(
                string.Create(CultureInfo.InvariantCulture, $"{asked} cannot be restored: between '{before}' and '{BehindKey}' an object is missing. {restorable}"), before);
    }
}
