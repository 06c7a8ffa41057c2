using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>
/// When things in a generation happened: by our trailers to the commit, else by the store's time of the object. A commit
/// whose time nobody knows happened no later than the next one, and no later than its object was stored.
/// </summary>
internal sealed class GenerationTimes(ITrailerSource trailers)
{
    /// <summary>The newest time of any object by the store's clock.</summary>
    public static DateTimeOffset LastStoredAt(CatalogGeneration generation) =>
        generation.Segments.Select(segment => segment.CreatedAt)
            .Concat(generation.Snapshots.Select(snapshot => snapshot.CreatedAt))
            .DefaultIfEmpty(DateTimeOffset.MinValue)
            .Max();

    public async Task<IReadOnlyList<CatalogGeneration>> OrderNewestFirstAsync(
        IReadOnlyList<CatalogGeneration> generations, CancellationToken cancellationToken)
    {
        if (generations.Count == 1)
        {
            return generations;
        }

        var ends = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var generation in generations)
        {
            ends[generation.Name] = await OfEndAsync(generation, cancellationToken).ConfigureAwait(false);
        }

        return [.. generations.OrderByDescending(generation => ends[generation.Name]).ThenBy(generation => generation.Name, StringComparer.Ordinal)];
    }

    /// <summary>
    /// The time of the generation's last commit, as the writer's own clock had it. Where nobody knows the time of a commit,
    /// that of the last one known before it: the store's time of the object is that of another clock, and perhaps of an
    /// upload after the next generation had begun, which would make the older generation the newer one.
    /// </summary>
    public async Task<DateTimeOffset> OfEndAsync(CatalogGeneration generation, CancellationToken cancellationToken)
    {
        var segment = generation.Segments.Count == 0
            ? null
            : await trailers.ReadSegmentAsync(generation.Segments[^1], cancellationToken).ConfigureAwait(false);
        var snapshot = generation.Snapshots.Count == 0 || (segment is null && generation.Segments.Count > 0)
            ? null
            : await trailers.ReadSnapshotAsync(generation.Snapshots[^1], cancellationToken).ConfigureAwait(false);
        if ((segment?.Commits ?? []).LastOrDefault(commit => commit.NoticedAt is not null).NoticedAt is { } known)
        {
            return snapshot?.TakenAt is { } taken ? Max(known, taken) : known;
        }

        // Litestream's own: every object counts, as it does for Litestream.
        return snapshot?.TakenAt ?? LastStoredAt(generation);
    }

    /// <summary>When a snapshot was taken: until then nothing followed what it contains.</summary>
    public async Task<DateTimeOffset> TakenAtAsync(CatalogSnapshot snapshot, CancellationToken cancellationToken) =>
        (await trailers.ReadSnapshotAsync(snapshot, cancellationToken).ConfigureAwait(false))?.TakenAt ?? snapshot.CreatedAt;

    /// <summary>From when on the snapshot can be restored: when it was taken, or when what it contains had been committed, if that is known.</summary>
    public async Task<DateTimeOffset> OfSnapshotAsync(
        CatalogSnapshot snapshot, IReadOnlyList<CatalogSegment> segments, CancellationToken cancellationToken)
    {
        if (await trailers.ReadSnapshotAsync(snapshot, cancellationToken).ConfigureAwait(false) is not { } trailer)
        {
            return snapshot.CreatedAt;
        }

        // Taken later, but of a state that was already there.
        var segment = segments.LastOrDefault(candidate =>
            candidate.Index == snapshot.Index && candidate.Offset < trailer.CoveredOffset);
        if (segment is null || await trailers.ReadSegmentAsync(segment, cancellationToken).ConfigureAwait(false) is not { } commits)
        {
            return trailer.TakenAt;
        }

        var covered = commits.Commits.Where(commit => commit.EndOffset >= trailer.CoveredOffset && commit.NoticedAt is not null)
            .Select(commit => commit.NoticedAt!.Value);
        return covered.Append(trailer.TakenAt).Min();
    }

    /// <summary>The last commit of some segments: in which of them it ends, where, and when it was noticed.</summary>
    /// <returns>
    /// How many of the segments are needed for it; its end, or null where nothing tells of commits; its time, which is the
    /// lowest there is if there was no commit.
    /// </returns>
    public async Task<(int Count, long? EndOffset, DateTimeOffset At)> LastCommitAsync(
        IReadOnlyList<CatalogSegment> segments, CancellationToken cancellationToken)
    {
        for (var i = segments.Count - 1; i >= 0; i--)
        {
            if (await trailers.ReadSegmentAsync(segments[i], cancellationToken).ConfigureAwait(false) is not { } trailer)
            {
                return (i + 1, null, segments[i].CreatedAt);
            }

            if (trailer.Commits.Count > 0)
            {
                return (i + 1, trailer.Commits[^1].EndOffset, TimeOf(trailer.Commits, trailer.Commits.Count - 1, segments[i]));
            }
        }

        return (0, null, DateTimeOffset.MinValue);
    }

    /// <summary>True if all that the snapshot contains had been committed at <paramref name="time"/>.</summary>
    public async Task<bool> HadBeenTakenAsync(
        CatalogSnapshot snapshot, IReadOnlyList<CatalogSegment> segments, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var trailer = await trailers.ReadSnapshotAsync(snapshot, cancellationToken).ConfigureAwait(false);
        return (trailer?.TakenAt ?? snapshot.CreatedAt) <= time
            || await OfSnapshotAsync(snapshot, segments, cancellationToken).ConfigureAwait(false) <= time;
    }

    /// <summary>Finds how many of the segments had been committed at <paramref name="time"/>, the last of them perhaps in part.</summary>
    /// <param name="segments">Sorted.</param>
    /// <param name="time">The moment.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The number of segments, and where the last commit of the last one ends if that is not the segment's end.</returns>
    public async Task<(int Count, long? StopOffset)> FindAsync(
        IReadOnlyList<CatalogSegment> segments, DateTimeOffset time, CancellationToken cancellationToken)
    {
        if (segments.Count == 0 || await trailers.ReadSegmentAsync(segments[0], cancellationToken).ConfigureAwait(false) is null)
        {
            // Litestream's own: it stops at the first object that was stored too late.
            return (segments.TakeWhile(segment => segment.CreatedAt <= time).Count(), null);
        }

        // The number of requests must not grow with the length of the history: halve it.
        int low = 0, high = segments.Count;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (await BeginsAsync(segments, middle, cancellationToken).ConfigureAwait(false) <= time)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? (0, null) : (low, await FindStopAsync(segments[low - 1], time, cancellationToken).ConfigureAwait(false));
    }

    // The time of the first commit that ends in the segment, or, in the middle of a large transaction, behind it.
    private async Task<DateTimeOffset> BeginsAsync(IReadOnlyList<CatalogSegment> segments, int position, CancellationToken cancellationToken)
    {
        for (var i = position; i < segments.Count; i++)
        {
            if (await trailers.ReadSegmentAsync(segments[i], cancellationToken).ConfigureAwait(false) is not { } trailer)
            {
                break;
            }

            if (trailer.Commits.Count > 0)
            {
                return TimeOf(trailer.Commits, 0, segments[i]);
            }
        }

        return segments[position].CreatedAt;
    }

    private async Task<long?> FindStopAsync(CatalogSegment segment, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var trailer = await trailers.ReadSegmentAsync(segment, cancellationToken).ConfigureAwait(false);
        if (trailer is null || trailer.Commits.Count == 0)
        {
            return null;
        }

        for (var i = trailer.Commits.Count - 1; i >= 0; i--)
        {
            if (TimeOf(trailer.Commits, i, segment) <= time)
            {
                return i == trailer.Commits.Count - 1 ? null : trailer.Commits[i].EndOffset;
            }
        }

        return null;
    }

    private static DateTimeOffset TimeOf(IReadOnlyList<CommitTime> commits, int position, CatalogSegment segment)
    {
        for (var i = position; i < commits.Count; i++)
        {
            if (commits[i].NoticedAt is { } known)
            {
                return known;
            }
        }

        return segment.CreatedAt;
    }

    private static DateTimeOffset Max(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;
}
