using System.Globalization;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Restore;

/// <summary>
/// Plans within one generation. Each method returns null if the generation does not hold what is asked for, and throws
/// <see cref="ReplicaCorruptedException"/> if it should and something is missing.
/// </summary>
internal sealed class GenerationPlanner(CatalogGeneration generation, ITrailerSource trailers, GenerationTimes times)
{
    private readonly IReadOnlyList<CatalogSegment> _segments = generation.Segments;
    private readonly IReadOnlyList<CatalogSnapshot> _newestFirst =
        [.. generation.Snapshots.Reverse()];

    private readonly GenerationHoles _holes = new(generation, trailers);

    public async Task<RestorePlan?> PlanLatestAsync(CancellationToken cancellationToken) =>
        await PlanEndAsync(_newestFirst[0], int.MaxValue, cancellationToken).ConfigureAwait(false);

    /// <summary>To the end of an index. An index past the end is not quietly the latest state: that is not what was asked for.</summary>
    public async Task<RestorePlan?> PlanIndexAsync(int index, CancellationToken cancellationToken)
    {
        var reached = _segments.Any(segment => segment.Index >= index) || _newestFirst[0].Index >= index;
        if (!reached || _newestFirst.FirstOrDefault(snapshot => snapshot.Index <= index) is not { } usable)
        {
            return null;
        }

        var asked = string.Create(CultureInfo.InvariantCulture, $"The end of the index {index:x8}");
        await RequireNoHoleAsync(asked, usable, index, untilEnd: true, cancellationToken).ConfigureAwait(false);
        return await PlanEndAsync(usable, index, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>To the last commit at or before a time. After the last commit of the generation, that is its end.</summary>
    public async Task<RestorePlan?> PlanTimestampAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        foreach (var snapshot in _newestFirst)
        {
            if (!await times.HadBeenTakenAsync(snapshot, _segments, time, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            var candidates = From(snapshot, int.MaxValue);
            var (count, stop) = await times.FindAsync(candidates, time, cancellationToken).ConfigureAwait(false);
            var last = count == 0 ? null : candidates[count - 1];
            var hole = await _holes.FindAsync(snapshot, last?.Index ?? snapshot.Index, cancellationToken).ConfigureAwait(false);
            if (hole is null && stop is null)
            {
                hole = await _holes.FindBetweenAsync(
                    snapshot, last, count < candidates.Count ? candidates[count] : null, cancellationToken).ConfigureAwait(false);
            }

            if (hole is not null)
            {
                return await PlanBeforeHoleAsync(snapshot, hole, time, cancellationToken).ConfigureAwait(false);
            }

            if (count == candidates.Count && stop is null)
            {
                var end = await PlanEndAsync(snapshot, int.MaxValue, cancellationToken).ConfigureAwait(false);
                return end! with { EndsAt = await times.OfEndAsync(generation, cancellationToken).ConfigureAwait(false) };
            }

            return await PlanUpToAsync(snapshot, candidates, count, stop, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    public async Task<RestorePlan?> PlanPositionAsync(ReplicationPosition position, CancellationToken cancellationToken)
    {
        RestorePlan? unproven = null;
        foreach (var snapshot in _newestFirst.Where(candidate => candidate.Index <= position.Index))
        {
            var alone = await AloneAsync(snapshot, cancellationToken).ConfigureAwait(false);
            if (snapshot.Index < position.Index)
            {
                return await PlanPositionAsync(alone, position, cancellationToken).ConfigureAwait(false) ?? unproven;
            }

            if (alone.SnapshotTrailer is { } trailer)
            {
                if (trailer.CoveredOffset == position.Offset || (trailer.CoveredOffset == 0 && IsStart(position)))
                {
                    return alone;
                }

                if (trailer.CoveredOffset < position.Offset)
                {
                    return await PlanPositionAsync(alone, position, cancellationToken).ConfigureAwait(false);
                }
            }
            else if (IsStart(position))
            {
                // Litestream does not say whether its image holds more than the start. An older snapshot is better.
                unproven = alone;
            }
            else if (await PlanPositionAsync(alone, position, cancellationToken).ConfigureAwait(false) is { } plan
                && await IsBehindAsync(snapshot, plan.Segments[^1].Source, position, cancellationToken).ConfigureAwait(false))
            {
                return plan;
            }
        }

        return unproven;
    }

    // True if a snapshot that does not say what it contains contains nothing behind the position, as far as times can show it.
    // A commit of ours was noticed before any image with it could be stored.
    private async Task<bool> IsBehindAsync(
        CatalogSnapshot snapshot, CatalogSegment last, ReplicationPosition position, CancellationToken cancellationToken) =>
        await trailers.ReadSegmentAsync(last, cancellationToken).ConfigureAwait(false) is { } trailer
            ? trailer.Commits.Any(commit => commit.EndOffset <= position.Offset && commit.NoticedAt >= snapshot.CreatedAt)
            : snapshot.CreatedAt <= last.CreatedAt;

    private async Task<RestorePlan?> PlanPositionAsync(RestorePlan alone, ReplicationPosition position, CancellationToken cancellationToken)
    {
        // The start of an index is the end of the one before.
        var isStart = IsStart(position);
        var index = isStart ? position.Index - 1 : position.Index;
        await RequireNoHoleAsync($"The position {position}", alone.Snapshot, index, untilEnd: isStart, cancellationToken).ConfigureAwait(false);
        var candidates = From(alone.Snapshot, index);
        var count = isStart ? candidates.Count : candidates.TakeWhile(segment =>
            segment.Index < index || segment.Offset < position.Offset).Count();
        if (count == 0 || candidates[count - 1].Index != index)
        {
            return null;
        }

        if (isStart)
        {
            var whole = await PlanEndAsync(alone.Snapshot, index, cancellationToken).ConfigureAwait(false);
            return whole is null ? null : whole with { SamePosition = position };
        }

        var last = candidates[count - 1];
        if (count == candidates.Count
            && await trailers.ReadSegmentAsync(last, cancellationToken).ConfigureAwait(false) is { } trailer
            && trailer.EndOffset < position.Offset)
        {
            return null;
        }

        var segments = SegmentTiling.Tile(
            generation.Name, alone.Snapshot.Index, candidates.Take(count).ToList(), count < candidates.Count ? candidates[count] : null);
        return alone with { Segments = segments, StopOffset = position.Offset, StopWasAsked = true };
    }

    private async Task<RestorePlan?> PlanEndAsync(CatalogSnapshot snapshot, int lastIndex, CancellationToken cancellationToken)
    {
        var alone = await AloneAsync(snapshot, cancellationToken).ConfigureAwait(false);
        var segments = From(snapshot, lastIndex);
        var following = FirstAfter(lastIndex);
        var reached = segments.Count > 0 ? segments[^1].Index : snapshot.Index;
        var plan = alone with { Segments = SegmentTiling.Tile(generation.Name, snapshot.Index, segments, following) };
        if (following is { } later && (segments.Count == 0 || reached < lastIndex))
        {
            throw SegmentTiling.MissingIndex(generation.Name, segments.Count == 0 ? reached : reached + 1, later.Key);
        }

        if (reached < lastIndex && lastIndex != int.MaxValue)
        {
            return null;
        }

        return await WithFollowingAsync(plan, following, cancellationToken).ConfigureAwait(false);
    }

    private async Task<RestorePlan> PlanUpToAsync(
        CatalogSnapshot snapshot, List<CatalogSegment> candidates, int count, long? stop, CancellationToken cancellationToken)
    {
        var alone = await AloneAsync(snapshot, cancellationToken).ConfigureAwait(false);
        if (count == 0 || await IsCoveredAsync(alone, candidates[count - 1], stop, cancellationToken).ConfigureAwait(false))
        {
            return alone;
        }

        var following = count < candidates.Count ? candidates[count] : null;
        var plan = alone with
        {
            Segments = SegmentTiling.Tile(generation.Name, snapshot.Index, candidates.Take(count).ToList(), following),
            StopOffset = stop,
        };
        return stop is null ? await WithFollowingAsync(plan, following, cancellationToken).ConfigureAwait(false) : plan;
    }

    // To the last commit before a hole. A moment later cannot be: what was committed from then on is not there.
    private async Task<RestorePlan> PlanBeforeHoleAsync(
        CatalogSnapshot snapshot, GenerationHole hole, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var segments = From(snapshot, int.MaxValue).TakeWhile(segment => segment.Index < hole.BehindIndex).ToList();
        var (count, stop, lastAt) = await times.LastCommitAsync(segments, cancellationToken).ConfigureAwait(false);
        var taken = await times.TakenAtAsync(snapshot, cancellationToken).ConfigureAwait(false);
        if (time > Max(lastAt, taken))
        {
            throw hole.Refuse(
                $"The time {time.UtcDateTime:O}", snapshot, await DescribeAroundAsync(hole, Max(lastAt, taken), cancellationToken).ConfigureAwait(false));
        }

        var alone = await AloneAsync(snapshot, cancellationToken).ConfigureAwait(false);
        return count == 0 || await IsCoveredAsync(alone, segments[count - 1], stop, cancellationToken).ConfigureAwait(false)
            ? alone
            : alone with
            {
                Segments = SegmentTiling.Tile(
                    generation.Name, snapshot.Index, segments.Take(count).ToList(), count < segments.Count ? segments[count] : null),
                StopOffset = stop,
            };
    }

    // Only a hole that the replica knows of is said in these words; whatever else is missing is found where it is missed.
    private async Task RequireNoHoleAsync(
        string asked, CatalogSnapshot snapshot, int index, bool untilEnd, CancellationToken cancellationToken)
    {
        var hole = await _holes.FindAsync(snapshot, index, cancellationToken).ConfigureAwait(false);
        if (hole is null && untilEnd)
        {
            hole = await _holes.FindBetweenAsync(
                snapshot, From(snapshot, index).LastOrDefault(), FirstAfter(index), cancellationToken).ConfigureAwait(false);
        }

        if (hole is { IsMarked: true })
        {
            var segments = From(snapshot, int.MaxValue).TakeWhile(segment => segment.Index < hole.BehindIndex).ToList();
            var (_, _, lastAt) = await times.LastCommitAsync(segments, cancellationToken).ConfigureAwait(false);
            var taken = await times.TakenAtAsync(snapshot, cancellationToken).ConfigureAwait(false);
            throw hole.Refuse(asked, snapshot, await DescribeAroundAsync(hole, Max(lastAt, taken), cancellationToken).ConfigureAwait(false));
        }
    }

    private async Task<string> DescribeAroundAsync(GenerationHole hole, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var behind = generation.Snapshots.FirstOrDefault(candidate => candidate.Index >= hole.BehindIndex);
        var again = behind is null
            ? "no snapshot lies behind it"
            : $"from {(await times.OfSnapshotAsync(behind, _segments, cancellationToken).ConfigureAwait(false)).UtcDateTime:O} on, by '{behind.Key}'";
        return $"Restorable are the times up to {before.UtcDateTime:O}, and {again}.";
    }

    private static DateTimeOffset Max(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;

    // True if the image by itself holds all of the WAL up to there: replaying a part of that would turn pages back.
    private async Task<bool> IsCoveredAsync(RestorePlan alone, CatalogSegment last, long? stop, CancellationToken cancellationToken)
    {
        if (alone.SnapshotTrailer is not { } trailer || last.Index != alone.Snapshot.Index)
        {
            return false;
        }

        stop ??= (await trailers.ReadSegmentAsync(last, cancellationToken).ConfigureAwait(false))?.EndOffset;
        return stop <= trailer.CoveredOffset;
    }

    // An index taken to its end can prove that nothing of it is lost only by what the one behind it says.
    private async Task<RestorePlan> WithFollowingAsync(RestorePlan plan, CatalogSegment? following, CancellationToken cancellationToken)
    {
        if (plan.Segments.Count == 0 || following is not { } next || next.Index != plan.Segments[^1].Index + 1 || next.Offset != 0)
        {
            return plan;
        }

        var trailer = await trailers.ReadSegmentAsync(next, cancellationToken).ConfigureAwait(false);
        return plan with { NextIndex = next, NextIndexTrailed = trailer is not null, NextIndexPrevious = trailer?.Previous };
    }

    private async Task<RestorePlan> AloneAsync(CatalogSnapshot snapshot, CancellationToken cancellationToken) => new()
    {
        Generation = generation.Name,
        Snapshot = snapshot,
        SnapshotTrailer = await trailers.ReadSnapshotAsync(snapshot, cancellationToken).ConfigureAwait(false),
    };

    private List<CatalogSegment> From(CatalogSnapshot snapshot, int lastIndex) =>
        [.. _segments.Where(segment => segment.Index >= snapshot.Index && segment.Index <= lastIndex)];

    private CatalogSegment? FirstAfter(int index) => _segments.FirstOrDefault(segment => segment.Index > index);

    private static bool IsStart(ReplicationPosition position) => position.Offset <= WalHeader.Size;
}
