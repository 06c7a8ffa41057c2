namespace Litestream.Storage;

/// <summary>What a replica holds of one generation. It has at least one snapshot or segment.</summary>
/// <param name="Name">The generation.</param>
/// <param name="Snapshots">One for each index that has any, ascending.</param>
/// <param name="Segments">One for each (index, offset), ascending. Nothing says that they tile.</param>
internal sealed record CatalogGeneration(
    string Name, IReadOnlyList<CatalogSnapshot> Snapshots, IReadOnlyList<CatalogSegment> Segments);
