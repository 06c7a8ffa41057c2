using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>
/// Finds where the WAL of a generation is not all there. A replica that lagged too far rejoins its generation with a fresh
/// snapshot in a later index: what was committed between is not on it, and no moment in there can be restored. What lies
/// before the hole can, and what lies behind it, from the snapshot on.
/// </summary>
internal sealed class GenerationHoles(CatalogGeneration generation, ITrailerSource trailers)
{
    /// <summary>
    /// The first hole behind a snapshot: between two objects whose names do not follow one another, or before an index that
    /// a later snapshot begins and whose first segment says that it follows nothing.
    /// </summary>
    /// <param name="from">The snapshot.</param>
    /// <param name="lastIndex">Where to stop looking; null to look as far as the generation reaches.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<GenerationHole?> FindAsync(CatalogSnapshot from, int? lastIndex, CancellationToken cancellationToken)
    {
        CatalogSegment? before = null;
        foreach (var segment in generation.Segments.Where(segment => segment.Index >= from.Index && !(segment.Index > lastIndex)))
        {
            if (segment.Index != before?.Index && (before is not null || segment.Index != from.Index))
            {
                var follows = Follows(from, before, segment);
                var marked = (!follows || HasSnapshot(segment.Index)) && await IsMarkedAsync(segment, cancellationToken).ConfigureAwait(false);
                if (marked || !follows)
                {
                    return new GenerationHole(before, segment.Index, segment.Key, marked);
                }
            }

            before = segment;
        }

        return lastIndex is null ? await FindBehindEndAsync(from, before, cancellationToken).ConfigureAwait(false) : null;
    }

    /// <summary>The hole right behind some segments, if there is one: between what a plan ends with and what is there next.</summary>
    /// <param name="from">The snapshot that the plan begins with.</param>
    /// <param name="before">The last of the segments; null if there are none.</param>
    /// <param name="following">The one behind; null for the end of the generation.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<GenerationHole?> FindBetweenAsync(
        CatalogSnapshot from, CatalogSegment? before, CatalogSegment? following, CancellationToken cancellationToken)
    {
        if (following is null)
        {
            return await FindBehindEndAsync(from, before, cancellationToken).ConfigureAwait(false);
        }

        if (following.Index == (before?.Index ?? from.Index))
        {
            return null;
        }

        var marked = await IsMarkedAsync(following, cancellationToken).ConfigureAwait(false);
        return marked || !Follows(from, before, following) ? new GenerationHole(before, following.Index, following.Key, marked) : null;
    }

    // A replica has just rejoined, and none of the WAL behind its snapshot is up yet: but the snapshot contains some of it.
    private async Task<GenerationHole?> FindBehindEndAsync(CatalogSnapshot from, CatalogSegment? before, CancellationToken cancellationToken)
    {
        var next = generation.Snapshots.FirstOrDefault(snapshot => snapshot.Index > (before?.Index ?? from.Index));
        return next is not null && await trailers.ReadSnapshotAsync(next, cancellationToken).ConfigureAwait(false) is { CoveredOffset: > 0 }
            ? new GenerationHole(before, next.Index, next.Key, IsMarked: true)
            : null;
    }

    private static bool Follows(CatalogSnapshot from, CatalogSegment? before, CatalogSegment segment) =>
        segment.Offset == 0 && segment.Index == (before is null ? from.Index : before.Index + 1);

    private bool HasSnapshot(int index) => generation.Snapshots.Any(snapshot => snapshot.Index == index);

    private async Task<bool> IsMarkedAsync(CatalogSegment segment, CancellationToken cancellationToken) =>
        await trailers.ReadSegmentAsync(segment, cancellationToken).ConfigureAwait(false) is { Previous: null };
}
