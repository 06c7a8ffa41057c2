using System.Globalization;
using System.Text;
using Litestream.Storage;

namespace Litestream.Fuzz.Targets;

/// <summary>A listing: lines of a size and a key. Names that are understood are ours when they are written anew.</summary>
internal static class CatalogTarget
{
    public static void Run(byte[] input)
    {
        var objects = new List<ReplicaObject>();
        foreach (var line in Encoding.Latin1.GetString(input).Split('\n'))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var size = space > 0 && long.TryParse(line[..space], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var said) ? said : 1;
            objects.Add(new ReplicaObject(line[(space + 1)..], size, DateTimeOffset.UnixEpoch));
        }

        foreach (var key in objects.Select(item => item.Key))
        {
            CheckNames(key);
        }

        try
        {
            var catalog = ReplicaCatalog.Create(objects);
            FuzzTarget.Demand(
                catalog.Generations.Sum(generation => generation.Snapshots.Count + generation.Segments.Count) <= objects.Count, "more than was listed");
            foreach (var generation in catalog.Generations)
            {
                FuzzTarget.Demand(ReplicaLayout.IsGeneration(generation.Name), "no name of a generation");
                _ = ReplicaLayout.GenerationPrefix(generation.Name);
            }
        }
        catch (ReplicaException)
        {
        }
    }

    public static IEnumerable<byte[]> Seeds()
    {
        yield return FuzzTarget.Text("100 generations/0123456789abcdef/snapshots/00000000.snapshot.lz4\n5 generations/0123456789abcdef/wal/00000000_00000000.wal.lz4\n7 generations/0123456789abcdef/wal/00000001_00001038.wal.lz4");
        yield return FuzzTarget.Text("1 generations/00000000000000aa/wal/00000001.wal.lz4\n2 generations/00000000000000aa/wal/00000001_00000020.wal\n9 generations/00000000000000aa/snapshots/7fffffff.snapshot");
        yield return FuzzTarget.Text("-1 generations/../x\n9223372036854775807 generations/00000000000000aa/snapshots/80000000.snapshot.lz4\n/etc/passwd\n");
    }

    private static void CheckNames(string key)
    {
        if (ReplicaLayout.TryParseSnapshot(key, out var snapshot))
        {
            ReplicaKey.Check(key);
            FuzzTarget.Demand(
                ReplicaLayout.SnapshotKey(snapshot.Generation, snapshot.Index).StartsWith(key, StringComparison.Ordinal), $"'{key}' is none of our names");
        }

        if (ReplicaLayout.TryParseSegment(key, out var segment))
        {
            ReplicaKey.Check(key);
            var ours = ReplicaLayout.SegmentKey(segment.Generation, segment.Index, segment.Offset);
            FuzzTarget.Demand(
                ours.StartsWith(key, StringComparison.Ordinal)
                || (segment.Offset == 0 && ours.Replace("_00000000", "", StringComparison.Ordinal).StartsWith(key, StringComparison.Ordinal)),
                $"'{key}' is none of our names");
        }
    }
}
