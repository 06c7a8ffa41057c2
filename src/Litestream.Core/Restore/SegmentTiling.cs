using System.Globalization;
using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>Proves from names alone that segments follow one another without a hole, as far as names can show it.</summary>
internal static class SegmentTiling
{
    /// <summary>Checks the segments from a snapshot's index on.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="snapshotIndex">The index at whose start the first segment must lie.</param>
    /// <param name="segments">Those that are needed, in order; no two of them start at the same place.</param>
    /// <param name="following">The segment behind them, if there is one.</param>
    /// <exception cref="ReplicaCorruptedException">One is missing.</exception>
    public static IReadOnlyList<PlannedSegment> Tile(
        string generation, int snapshotIndex, IReadOnlyList<CatalogSegment> segments, CatalogSegment? following)
    {
        var planned = new List<PlannedSegment>(segments.Count);
        for (var i = 0; i < segments.Count; i++)
        {
            var name = segments[i];
            var expected = i == 0 ? snapshotIndex : segments[i - 1].Index;
            if (i == 0 || name.Index != expected)
            {
                RequireStart(generation, i == 0 ? expected : expected + 1, segments[i]);
            }

            var next = i + 1 < segments.Count ? segments[i + 1] : following;
            planned.Add(new PlannedSegment(segments[i], next?.Index == name.Index ? next : null));
        }

        return planned;
    }

    /// <summary>Says that the WAL of an index is missing although later ones are there.</summary>
    public static ReplicaCorruptedException MissingIndex(string generation, int index, string laterKey)
    {
        var key = ReplicaLayout.SegmentKey(generation, index, 0);
        return new ReplicaCorruptedException(
            string.Create(CultureInfo.InvariantCulture, $"The WAL of index {index:x8} is missing: there is no object '{key}', but there is '{laterKey}'."), key);
    }

    private static void RequireStart(string generation, int index, CatalogSegment segment)
    {
        if (segment.Index != index)
        {
            throw MissingIndex(generation, index, segment.Key);
        }

        if (segment.Offset != 0)
        {
            var key = ReplicaLayout.SegmentKey(generation, index, 0);
            throw new ReplicaCorruptedException(
                $"The start of a WAL is missing: there is no object '{key}', but there is '{segment.Key}'.", key);
        }
    }
}
