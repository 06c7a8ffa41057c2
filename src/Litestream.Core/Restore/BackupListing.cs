using System.Runtime.CompilerServices;
using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>Describes what a replica holds, generation by generation. One listing, and a few small reads for each snapshot.</summary>
internal sealed class BackupListing(ReplicaReader reader, string replica)
{
    private readonly TolerantTrailers _trailers = new(reader);
    private readonly GenerationTimes _times = new(new TolerantTrailers(reader));

    /// <summary>Newest first, as a restore chooses.</summary>
    public async IAsyncEnumerable<BackupGeneration> ListAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var catalog = await reader.LoadCatalogAsync(null, cancellationToken).ConfigureAwait(false);
        foreach (var generation in await _times.OrderNewestFirstAsync(catalog.Generations, cancellationToken).ConfigureAwait(false))
        {
            yield return await DescribeAsync(generation, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<BackupGeneration> DescribeAsync(CatalogGeneration generation, CancellationToken cancellationToken)
    {
        var snapshots = new List<BackupSnapshot>(generation.Snapshots.Count);
        foreach (var snapshot in generation.Snapshots)
        {
            var taken = await _times.TakenAtAsync(snapshot, cancellationToken).ConfigureAwait(false);
            snapshots.Add(new BackupSnapshot(snapshot.Index, taken, snapshot.Size));
        }

        return new BackupGeneration
        {
            Name = generation.Name,
            Replica = replica,
            Snapshots = snapshots,
            Ranges = await FindRangesAsync(generation, cancellationToken).ConfigureAwait(false),
            SegmentCount = generation.Segments.Count,
            SegmentBytes = generation.Segments.Sum(segment => segment.Size),
        };
    }

    private async Task<IReadOnlyList<BackupRange>> FindRangesAsync(CatalogGeneration generation, CancellationToken cancellationToken)
    {
        var ranges = new List<BackupRange>();
        var holes = new GenerationHoles(generation, _trailers);
        for (var snapshot = generation.Snapshots is [var first, ..] ? first : null; snapshot is not null;)
        {
            var hole = await holes.FindAsync(snapshot, lastIndex: null, cancellationToken).ConfigureAwait(false);
            var segments = generation.Segments
                .Where(segment => segment.Index >= snapshot.Index && !(segment.Index >= hole?.BehindIndex)).ToList();
            var lastIndex = segments.Count > 0 ? segments[^1].Index : snapshot.Index;

            // A snapshot may be newer than any commit: nothing had been written since.
            var last = hole is null ? generation.Snapshots[^1] : generation.Snapshots.Last(candidate => candidate.Index <= lastIndex);
            var from = await _times.OfSnapshotAsync(snapshot, generation.Segments, cancellationToken).ConfigureAwait(false);
            var taken = await _times.TakenAtAsync(last, cancellationToken).ConfigureAwait(false);
            var (_, _, committed) = await _times.LastCommitAsync(segments, cancellationToken).ConfigureAwait(false);
            ranges.Add(new BackupRange(from, committed > taken ? committed : taken, snapshot.Index, Math.Max(lastIndex, last.Index)));
            snapshot = hole is null ? null : generation.Snapshots.FirstOrDefault(candidate => candidate.Index > lastIndex);
        }

        return ranges;
    }
}
