using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>What retention deletes, in which order, and what has to be sound before.</summary>
/// <param name="ReliesOn">The snapshots that take the place of what is deleted: each must have been read back.</param>
/// <param name="Steps">Keys to delete, one step after the other: a step begins only when the one before has succeeded.</param>
/// <param name="Snapshots">How many snapshots that are.</param>
/// <param name="Segments">How many segments.</param>
internal sealed record RetentionPlan(
    IReadOnlyList<CatalogSnapshot> ReliesOn, IReadOnlyList<IReadOnlyList<string>> Steps, int Snapshots, int Segments)
{
    public bool IsEmpty => Steps.Count == 0;
}
