using CsCheck;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>
/// What a replica may hold, made up: generations one after another or side by side, snapshots, WAL that tiles but for the
/// holes of a lagging replica; times that grow. And the plainest possible idea of what a restore to a moment reads.
/// </summary>
internal sealed record RetentionHistory(IReadOnlyList<ReplicaObject> Objects, string InUse)
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private const int SegmentStep = 100;

    public static Gen<RetentionHistory> Gen { get; } =
        CsCheck.Gen.Select(CsCheck.Gen.Int[1, 4], CsCheck.Gen.Int, CsCheck.Gen.Bool)
            .Select((generations, seed, neat) => Make(generations, new Random(seed), neat));

    /// <summary>What a restore to a moment reads: the snapshot and the segments behind it, in order; null if there is nothing.</summary>
    public static string? RestoredAt(IEnumerable<ReplicaObject> objects, DateTimeOffset moment)
    {
        var byGeneration = objects.DistinctBy(item => item.Key).GroupBy(item => item.Key.Split('/')[1]).ToList();
        foreach (var generation in byGeneration.OrderByDescending(items => items.Max(item => item.CreatedAt)).ThenBy(items => items.Key, StringComparer.Ordinal))
        {
            var snapshot = generation
                .Where(item => ReplicaLayout.TryParseSnapshot(item.Key, out _) && item.CreatedAt <= moment)
                .OrderByDescending(item => item.Key, StringComparer.Ordinal)
                .FirstOrDefault();
            if (snapshot.Key is null)
            {
                continue;
            }

            ReplicaLayout.TryParseSnapshot(snapshot.Key, out var from).Should().BeTrue();
            var segments = generation
                .Where(item => ReplicaLayout.TryParseSegment(item.Key, out var name) && name.Index >= from.Index && item.CreatedAt <= moment)
                .Select(item => item.Key)
                .Order(StringComparer.Ordinal);
            return string.Join(' ', segments.Prepend(snapshot.Key));
        }

        return null;
    }

    private static RetentionHistory Make(int generations, Random random, bool neat)
    {
        var objects = new List<ReplicaObject>();
        var now = Start;
        var inUse = "";
        for (var g = 0; g < generations; g++)
        {
            inUse = random.NextInt64().ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
            var index = random.Next(3);
            var last = index + random.Next(8);
            Add(ReplicaLayout.SnapshotKey(inUse, index));
            for (; index <= last; index++)
            {
                if (random.Next(6) == 0)
                {
                    // The replica was away for a while and has rejoined.
                    index += random.Next(3);
                    Add(ReplicaLayout.SnapshotKey(inUse, index));
                }

                var segments = random.Next(1, 4);
                var snapshot = random.Next(3) == 0 ? random.Next(segments) : -1;
                for (var s = 0; s < segments; s++)
                {
                    Add(ReplicaLayout.SegmentKey(inUse, index, s * SegmentStep));
                    if (s == snapshot)
                    {
                        Add(ReplicaLayout.SnapshotKey(inUse, index));
                    }
                }
            }

            if (random.Next(8) == 0)
            {
                // Litestream's older layout beside it, which retention has to know too.
                Add($"generations/{inUse}/wal/{index:x8}.wal.lz4");
            }
        }

        if (!neat)
        {
            objects.Add(new ReplicaObject("generations/notes.txt", 1, now));
            objects.Add(new ReplicaObject($"generations/{inUse}/wal/0000000G_00000000.wal.lz4", 1, now));
            objects.AddRange(objects.Where(_ => random.Next(10) == 0).ToList());
            var shuffled = objects.ToArray();
            random.Shuffle(shuffled);
            objects = [.. shuffled];
        }

        return new RetentionHistory(objects, inUse);

        void Add(string key)
        {
            if (objects.TrueForAll(item => item.Key != key))
            {
                now += TimeSpan.FromMinutes(random.Next(1, 100));
                objects.Add(new ReplicaObject(key, 10, now));
            }
        }
    }
}
