using System.Globalization;
using Litestream.Shadow;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>
/// Looks whether a replica still holds what its worker believes: one complete listing, and one ranged read of a trailer.
/// </summary>
/// <remarks>
/// Segments go up while it looks, so it compares with what was believed before the listing and after it. Each segment says
/// how many went before it, so that the first one which a restore needs and the last one uploaded tell how many there must
/// be between: whichever is missing, or too many, shows, without reading them all.
/// </remarks>
/// <param name="store">The replica.</param>
/// <param name="standing">What is believed.</param>
/// <param name="retention">
/// Null where others delete, a store's own rules: then only what a restore of the newest state needs is counted.
/// </param>
/// <param name="others">Judges what is not ours.</param>
internal sealed class ReplicaInspector(ReplicaStore store, ReplicaStanding standing, Setting<TimeSpan?> retention, OtherWriters others)
{
    // The first segment is the same one for days.
    private (string Key, long? Ordinal)? _lastRead;

    /// <summary>Looks.</summary>
    /// <exception cref="ReplicaException">The replica could not be listed, or not completely: nothing is concluded from that.</exception>
    public async Task<Inspection> RunAsync(CancellationToken cancellationToken)
    {
        if (standing.Progress is not { } before)
        {
            return new Inspection.Inconclusive();
        }

        var inventory = await store.TakeInventoryAsync(cancellationToken).ConfigureAwait(false);
        var generation = before.Cursor.Generation;
        if (standing.Progress is not { } after || after.Cursor.Generation != generation || after.Newest.Index != before.Newest.Index)
        {
            // Also where it has rejoined meanwhile: behind what was believed before begins a hole that is none.
            return new Inspection.Inconclusive();
        }

        // What lacks something because whoever took over has deleted it is his all the same.
        var judged = others.Judge(inventory, before);
        return judged is Inspection.Superseded ? judged
            : FindMissing(inventory.Find(generation), before) is { } missing ? Unsound(GenerationReason.ReplicaHoled, missing)
            : FindLonger(inventory.Find(generation)!, after) is { } longer ? Unsound(GenerationReason.ReplicaDiverged, longer)
            : await FindMiscountAsync(inventory.Find(generation)!, before, cancellationToken).ConfigureAwait(false) is { } miscount
                ? Unsound(GenerationReason.ReplicaHoled, miscount)
            : judged ?? new Inspection.Sound(inventory, generation);

        Inspection.Unsound Unsound(GenerationReason reason, string detail) => new(generation, reason, detail);
    }

    /// <summary>The newest snapshot and the last segment must be there, and every index between must have a beginning.</summary>
    private string? FindMissing(InventoryGeneration? found, ReplicaProgress believed)
    {
        var generation = believed.Cursor.Generation;
        if (found is null)
        {
            return $"{store.Description} holds nothing of generation {generation} any more";
        }

        if (!found.Snapshots.Any(snapshot => snapshot.Index == believed.Newest.Index))
        {
            return $"'{ReplicaLayout.SnapshotKey(generation, believed.Newest.Index)}' is missing on {store.Description}";
        }

        if (believed.Cursor.Previous is { } last)
        {
            var place = new SegmentPlace(last.Index, (uint)last.Offset);
            var at = found.FirstAtOrBehind(place);
            if (at == found.Segments.Length || found.Segments[at] != place)
            {
                return $"'{ReplicaLayout.SegmentKey(generation, last.Index, last.Offset)}' is missing on {store.Description}";
            }
        }

        var index = believed.Newest.Index - 1;
        foreach (var place in found.Segments[found.FirstAtOrBehind(new SegmentPlace(believed.Newest.Index, 0))..])
        {
            if (place.Index != index && (place.Index != index + 1 || place.Offset != 0))
            {
                return $"the WAL before '{ReplicaLayout.SegmentKey(generation, place.Index, place.Offset)}' is missing on {store.Description}";
            }

            index = place.Index;
        }

        return null;
    }

    /// <summary>Behind what was uploaded there may be one segment, whose answer is still awaited, and no more.</summary>
    private string? FindLonger(InventoryGeneration found, ReplicaProgress believed)
    {
        var end = believed.Cursor.Position;
        foreach (var place in found.Segments[found.FirstAtOrBehind(new SegmentPlace(end.Index, (uint)end.Offset))..])
        {
            if (place != new SegmentPlace(end.Index, (uint)end.Offset) && place != new SegmentPlace(end.Index + 1, 0))
            {
                return $"'{ReplicaLayout.SegmentKey(found.Name, place.Index, place.Offset)}' lies on {store.Description}, behind "
                    + $"{end}, the end of what was uploaded from here: somebody else writes there";
            }
        }

        return null;
    }

    /// <summary>Counts the segments from the oldest snapshot on.</summary>
    private async Task<string?> FindMiscountAsync(InventoryGeneration found, ReplicaProgress believed, CancellationToken cancellationToken)
    {
        if (believed.Cursor.Previous is not { } last)
        {
            return null;
        }

        var oldest = retention.Value is null ? believed.Newest.Index : found.Snapshots[0].Index;
        var first = found.FirstAtOrBehind(new SegmentPlace(oldest, 0));
        var end = found.FirstAtOrBehind(new SegmentPlace(last.Index, (uint)last.Offset)) + 1;
        if (first >= end
            || await OrdinalAsync(found, first, cancellationToken).ConfigureAwait(false) is not { } ordinal
            || believed.Cursor.Uploaded - ordinal is var count && count == end - first)
        {
            return null;
        }

        // Which one: the first that has another number of segments before it than it says.
        var (low, high) = (first, end - 1);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (await OrdinalAsync(found, middle, cancellationToken).ConfigureAwait(false) is { } there && there - ordinal == middle - first)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        var key = ReplicaLayout.SegmentKey(found.Name, found.Segments[low].Index, found.Segments[low].Offset);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{store.Description} holds {end - first} segments of generation {found.Name} where {count} were uploaded: at '{key}' one is missing, or one too many");
    }

    private async Task<long?> OrdinalAsync(InventoryGeneration found, int at, CancellationToken cancellationToken)
    {
        var place = found.Segments[at];
        var key = ReplicaLayout.SegmentKey(found.Name, place.Index, place.Offset);
        if (_lastRead is not { } last || last.Key != key)
        {
            _lastRead = last = (key, await store.ReadOrdinalAsync(key, cancellationToken).ConfigureAwait(false));
        }

        return last.Ordinal;
    }
}
