using System.Globalization;
using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>Says what could be restored instead, for messages.</summary>
internal static class RestoreBounds
{
    // A replica may hold thousands of generations; a message does not.
    private const int MaxDescribed = 5;

    public static async Task<string> DescribeAsync(
        IReadOnlyList<CatalogGeneration> generations, GenerationTimes times, CancellationToken cancellationToken)
    {
        var described = new List<string>();
        foreach (var generation in generations.Take(MaxDescribed))
        {
            described.Add(await DescribeAsync(generation, times, cancellationToken).ConfigureAwait(false));
        }

        var more = generations.Count > MaxDescribed ? $"; and {generations.Count - MaxDescribed} older" : "";
        return $"The replica holds {string.Join("; ", described)}{more}.";
    }

    private static async Task<string> DescribeAsync(CatalogGeneration generation, GenerationTimes times, CancellationToken cancellationToken)
    {
        if (generation.Snapshots.Count == 0)
        {
            return $"generation '{generation.Name}' without a snapshot";
        }

        var first = generation.Snapshots[0];
        var last = generation.Segments.Select(segment => segment.Index)
            .Concat(generation.Snapshots.Select(snapshot => snapshot.Index)).Max();
        var begin = await times.OfSnapshotAsync(first, generation.Segments, cancellationToken).ConfigureAwait(false);
        var end = await times.OfEndAsync(generation, cancellationToken).ConfigureAwait(false);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"generation '{generation.Name}' from index {first.Index:x8} of {begin.UtcDateTime:O} to index {last:x8} of {end.UtcDateTime:O}");
    }
}
