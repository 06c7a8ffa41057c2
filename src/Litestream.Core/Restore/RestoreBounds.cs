using System.Globalization;
using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>Says what could be restored instead, for messages.</summary>
internal static class RestoreBounds
{
    // A replica may hold thousands of generations; a message does not.
    private const int MaxDescribed = 5;

    public static string Describe(IReadOnlyList<CatalogGeneration> generations)
    {
        var described = string.Join("; ", generations.Take(MaxDescribed).Select(Describe));
        var more = generations.Count > MaxDescribed ? $"; and {generations.Count - MaxDescribed} older" : "";
        return $"The replica holds {described}{more}.";
    }

    private static string Describe(CatalogGeneration generation)
    {
        if (generation.Snapshots.Count == 0)
        {
            return $"generation '{generation.Name}' without a snapshot";
        }

        var first = generation.Snapshots[0];
        var last = generation.Segments.Select(segment => segment.Index)
            .Concat(generation.Snapshots.Select(snapshot => snapshot.Index)).Max();
        var end = GenerationTimes.LastStoredAt(generation);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"generation '{generation.Name}' from index {first.Index:x8} of {first.CreatedAt.UtcDateTime:O} to index {last:x8} of {end.UtcDateTime:O}");
    }
}
