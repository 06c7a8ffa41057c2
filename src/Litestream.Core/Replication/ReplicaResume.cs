using Litestream.Diagnostics;
using Litestream.Shadow;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Replication;

/// <summary>
/// Finds out, once when a worker takes up a generation, what the replica holds of it and whether that agrees with the
/// shadow. One listing, the trailers of the newest snapshot and of the last two segments, and the last segment itself:
/// the number of requests does not grow with the number of objects.
/// </summary>
internal sealed class ReplicaResume(ReplicaStore store, SegmentComparer comparer, IShadow shadow)
{
    /// <summary>Looks at the replica.</summary>
    /// <exception cref="ReplicaException">It could not be read, or not completely: nothing is concluded from that.</exception>
    public async Task<ResumeOutcome> RunAsync(string generation, CancellationToken cancellationToken)
    {
        var found = await store.ListGenerationAsync(ReplicaLayout.GenerationPrefix(generation), cancellationToken).ConfigureAwait(false);
        if (found.Newest is not { } snapshot)
        {
            return found.Last is null
                ? new ResumeOutcome.Fresh()
                : Holed($"{store.Description} holds WAL segments of generation {generation} and no snapshot");
        }

        if (!snapshot.Name.Compressed || found.HasOlderLayout)
        {
            return Conflict($"{store.Description} holds objects in generation {generation} in a form that is not ours");
        }

        var reading = await store.ReadSnapshotTrailerAsync(snapshot.Object, cancellationToken).ConfigureAwait(false);
        if (reading.Trailer is not { } image || image.Index != snapshot.Name.Index)
        {
            return Conflict($"'{snapshot.Object.Key}' on {store.Description} is not ours: it has no trailer that is understood");
        }

        return SnapshotDiffers(generation, image) is { } difference
            ? Diverged($"'{snapshot.Object.Key}' on {store.Description} {difference}")
            : found.Segments.Count == 0
                ? FromSnapshot(Known(snapshot), image, await CountAsync(found.Last, cancellationToken).ConfigureAwait(false))
                : await FromSegmentsAsync(Known(snapshot), image, found.Segments, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says how a snapshot does not fit the shadow; null if it fits, or if the shadow does not reach back to it.</summary>
    public string? SnapshotDiffers(string generation, SnapshotTrailer image)
    {
        if (image.CoveredOffset == 0 || shadow.Find(generation, image.Index) is not { } index)
        {
            return null;
        }

        if (image.CoveredOffset > index.Length || index.Header is not { } header)
        {
            return $"contains index {image.Index:x8} up to {image.CoveredOffset}, and only {index.Length} was captured here";
        }

        return header.Salts == image.Salts
            && WalFormat.IsBoundary(image.CoveredOffset, header.PageSize)
            && shadow.ChecksumAt(index, image.CoveredOffset) == image.CoveredChecksum
            ? null
            : $"was made from another history of index {image.Index:x8}";
    }

    private static KnownSnapshot Known(GenerationListing.Listed<SnapshotName> snapshot) =>
        new(snapshot.Name.Generation, snapshot.Name.Index, snapshot.Object.CreatedAt);

    /// <summary>How many segments of a generation were uploaded: those are meant that the last one there counts.</summary>
    public async Task<long?> CountAsync(string generation, CancellationToken cancellationToken)
    {
        var found = await store.ListGenerationAsync(ReplicaLayout.WalPrefix(generation), cancellationToken).ConfigureAwait(false);
        return await CountAsync(found.Last, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How many segments were uploaded up to and with this one.</summary>
    private async Task<long?> CountAsync(ReplicaObject? segment, CancellationToken cancellationToken) =>
        segment is { } last
            ? (await store.ReadSegmentTrailerAsync(last, cancellationToken).ConfigureAwait(false)).Trailer?.Ordinal + 1
            : 0;

    private ResumeOutcome FromSnapshot(KnownSnapshot newest, SnapshotTrailer image, long? uploaded)
    {
        var cursor = new ReplicaCursor(newest.Generation, image.Index, 0) { MustReach = image.CoveredOffset, ImageOffset = image.CoveredOffset, Uploaded = uploaded };
        return shadow.Find(newest.Generation, image.Index) is null
            ? Rejoin(cursor)
            : new ResumeOutcome.Continue(cursor, newest);
    }

    private async Task<ResumeOutcome> FromSegmentsAsync(
        KnownSnapshot newest,
        SnapshotTrailer image,
        IReadOnlyList<GenerationListing.Listed<SegmentName>> segments,
        CancellationToken cancellationToken)
    {
        var generation = newest.Generation;
        if (FindHole(image.Index, segments) is { } hole)
        {
            return Holed(hole);
        }

        var last = segments[^1];
        var name = last.Name;
        if (shadow.Find(generation, name.Index) is not { Header: not null } index)
        {
            return Rejoin(new ReplicaCursor(generation, name.Index, name.Offset)
            {
                Uploaded = await CountAsync(last.Object, cancellationToken).ConfigureAwait(false),
            });
        }

        if (!WalFormat.IsBoundary(name.Offset, index.Header.Value.PageSize))
        {
            return Diverged($"'{last.Object.Key}' on {store.Description} begins in the middle of a frame");
        }

        if (Mutations.Made == Mutation.ResumeByLength)
        {
            var reading = await store.ReadSegmentTrailerAsync(last.Object, cancellationToken).ConfigureAwait(false);
            return new ResumeOutcome.Continue(
                new ReplicaCursor(generation, name.Index, name.Offset).After(
                    new SegmentLink(name.Index, name.Offset, reading.Trailer!.EndOffset, reading.Trailer.LastChecksum)),
                newest);
        }

        var found = await comparer.CompareAsync(last.Object.Key, index, name.Offset, last.Object.Size, cancellationToken).ConfigureAwait(false);
        if (found.Difference is { } difference)
        {
            var detail = $"'{last.Object.Key}' on {store.Description} {difference}";
            return found.IsDamaged ? Holed(detail) : Diverged(detail);
        }

        if (found.Trailer is not { } trailer)
        {
            return Conflict($"'{last.Object.Key}' on {store.Description} is not ours: it has no trailer that is understood");
        }

        if (await FindBrokenLinkAsync(segments, trailer, cancellationToken).ConfigureAwait(false) is { } broken)
        {
            return Holed(broken);
        }

        var cursor = new ReplicaCursor(generation, name.Index, name.Offset)
        {
            MustReach = name.Index == image.Index ? image.CoveredOffset : 0,
            ImageOffset = name.Index == image.Index ? image.CoveredOffset : 0,
            Uploaded = trailer.Ordinal,
        };
        return new ResumeOutcome.Continue(
            cursor.After(new SegmentLink(name.Index, name.Offset, found.EndOffset, shadow.ChecksumAt(index, found.EndOffset))),
            newest);
    }

    /// <summary>What the names alone show: an index without a beginning, or one that is missing.</summary>
    private string? FindHole(int snapshotIndex, IReadOnlyList<GenerationListing.Listed<SegmentName>> segments)
    {
        var index = snapshotIndex - 1;
        foreach (var (name, found) in segments)
        {
            if (name.Index != index && (name.Index != index + 1 || name.Offset != 0))
            {
                return $"the WAL before '{found.Key}' is missing on {store.Description}";
            }

            index = name.Index;
        }

        return null;
    }

    /// <summary>
    /// Follows the links from the last segment back: each names the one before it, and where that ends. Two steps see
    /// what was lost lately; a segment that lies further from its successor than any is long is looked at too.
    /// </summary>
    private async Task<string?> FindBrokenLinkAsync(
        IReadOnlyList<GenerationListing.Listed<SegmentName>> segments,
        SegmentTrailer last,
        CancellationToken cancellationToken)
    {
        SegmentTrailer? trailer = last;
        for (var i = segments.Count - 1; i >= 0; i--)
        {
            if (i < segments.Count - 2 && !IsSuspiciouslyLong(segments, i))
            {
                continue;
            }

            var (name, found) = segments[i];
            if (i < segments.Count - 1)
            {
                var reading = await store.ReadSegmentTrailerAsync(found, cancellationToken).ConfigureAwait(false);
                trailer = reading.Trailer;
            }

            if (trailer is null || trailer.Index != name.Index || trailer.Offset != name.Offset)
            {
                return $"'{found.Key}' on {store.Description} does not say what it is";
            }

            if (i + 1 < segments.Count
                && segments[i + 1].Name is var next
                && next.Index == name.Index
                && next.Offset != trailer.EndOffset)
            {
                return $"the WAL between '{found.Key}', which ends at {trailer.EndOffset}, and '{segments[i + 1].Object.Key}' is missing on {store.Description}";
            }

            if (i > 0 && trailer.Previous is { } previous
                && (previous.Index != segments[i - 1].Name.Index || previous.Offset != segments[i - 1].Name.Offset))
            {
                return $"the segment before '{found.Key}', at {previous.Offset} of index {previous.Index:x8}, is missing on {store.Description}";
            }
        }

        return null;
    }

    private static bool IsSuspiciouslyLong(IReadOnlyList<GenerationListing.Listed<SegmentName>> segments, int i) =>
        segments[i + 1].Name.Index == segments[i].Name.Index
        && segments[i + 1].Name.Offset - segments[i].Name.Offset > SegmentCut.CatchUpBytes + SegmentCut.UsualBytes;

    private ResumeOutcome Rejoin(ReplicaCursor cursor)
    {
        var position = shadow.Head?.Position ?? default;
        return position.Generation == cursor.Generation && position.Index > cursor.Index
            ? new ResumeOutcome.Rejoin(cursor with { NeedsSnapshot = true })
            : Diverged($"{store.Description} holds index {cursor.Index:x8} of generation {cursor.Generation}, which was never captured here");
    }

    private static ResumeOutcome.Refused Holed(string detail) => new(GenerationReason.ReplicaHoled, detail);

    private static ResumeOutcome.Refused Diverged(string detail) => new(GenerationReason.ReplicaDiverged, detail);

    private static ResumeOutcome.Refused Conflict(string detail) => new(GenerationReason.ReplicaConflict, detail);
}
