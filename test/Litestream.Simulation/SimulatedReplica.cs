using Litestream.Storage;
using Litestream.Testing;
using Litestream.Testing.Faults;

namespace Litestream.Simulation;

/// <summary>One replica: what lies there, and the store before it that fails.</summary>
internal sealed class SimulatedReplica
{
    private readonly Func<ReplicaCall, Fault?> _script;

    public SimulatedReplica(int number, SimulatedTime time, Swarm swarm, Random random)
    {
        Number = number;
        Objects = new MemoryReplicaClient(time);
        Traffic = new Traffic(Objects);
        Store = new FaultyReplicaClient(Traffic)
        {
            Before = call =>
            {
                Traffic.Count(call);
                return Task.CompletedTask;
            },
        };
        _script = swarm.Faults.Count == 0 ? FaultScript.Nothing : FaultScript.Drawn(random, swarm.FaultRate, swarm.Faults);
    }

    public int Number { get; }

    /// <summary>What lies there.</summary>
    public MemoryReplicaClient Objects { get; }

    /// <summary>The way to it.</summary>
    public FaultyReplicaClient Store { get; }

    /// <summary>What was asked of it.</summary>
    public Traffic Traffic { get; }

    /// <summary>True once somebody has damaged or removed something: then not all can be restored, but nothing wrong may be.</summary>
    public bool IsTampered { get; set; }

    /// <summary>Snapshots that were asked for, besides those that generations begin with.</summary>
    public int SnapshotsDemanded { get; set; }

    /// <summary>How often somebody has looked whether all is still there, and what is old enough to go.</summary>
    public int Upkeeps { get; set; }

    /// <summary>Everything works.</summary>
    public void Mend() => Store.Script = FaultScript.Nothing;

    /// <summary>From now on the store behaves in another way.</summary>
    /// <returns>In which.</returns>
    public string Change(Random random)
    {
        var operation = (ReplicaOperation)random.Next(4);
        var (script, says) = random.Next(11) switch
        {
            < 3 => (FaultScript.Nothing, "works well"),
            3 => (FaultScript.From(1, new Fault(FaultKind.FailBefore)), "is away"),
            4 => (FaultScript.From(1, new Fault(FaultKind.FailAfter)), "does everything and its answers are lost"),
            5 or 6 => (FaultScript.LostInAWrite(), "will be lost in the middle of a write"),
            7 => (FaultScript.Without(operation), $"does not allow {operation}"),
            _ => (_script, "fails now and then"),
        };
        Store.Script = script;
        return says;
    }

    /// <summary>Damages or removes an object.</summary>
    public string Tamper(Random random)
    {
        var keys = Objects.Keys;
        if (keys.Count == 0)
        {
            return "nothing there";
        }

        IsTampered = true;
        var key = keys[random.Next(keys.Count)];
        var content = Objects[key];
        switch (random.Next(4))
        {
            case 0:
                Delete(key);
                return $"removed {key}";
            case 1 when content.Length > 0:
                content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
                Objects[key] = content;
                return $"flipped a bit of {key}";
            case 2:
                Objects[key] = content[..random.Next(content.Length + 1)];
                return $"cut {key}";
            default:
                var from = random.Next(keys.Count);
                foreach (var gone in keys.Skip(from))
                {
                    Delete(gone);
                }

                return $"removed all from {key} on";
        }
    }

    /// <summary>What holds at every moment until retention removes something: there is no WAL that no snapshot leads to.</summary>
    public void DemandNoOrphan()
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var key in Objects.Keys)
        {
            if (ReplicaLayout.TryParseSnapshot(key, out var snapshot))
            {
                first[snapshot.Generation] = Math.Min(snapshot.Index, first.GetValueOrDefault(snapshot.Generation, int.MaxValue));
            }
        }

        foreach (var key in Objects.Keys)
        {
            if (ReplicaLayout.TryParseSegment(key, out var segment)
                && (!first.TryGetValue(segment.Generation, out var index) || index > segment.Index))
            {
                throw new SimulationException($"There is no snapshot that leads to '{key}': the real litestream refuses such a replica.");
            }
        }
    }

    /// <summary>
    /// What holds at every write: there is no orphan, and a snapshot that is not a generation's first, nor that of a replica
    /// that rejoins, is there only after the WAL that it needs. The real litestream restores wrong what breaks that.
    /// </summary>
    public void DemandSoundFor(string key, Swarm swarm)
    {
        if (!swarm.Days)
        {
            DemandNoOrphan();
        }

        if (swarm.ShortOfSpace || swarm.Lies || !ReplicaLayout.TryParseSnapshot(key, out var name) || !Objects.Keys.Contains(key))
        {
            return;
        }

        var isFirst = Objects.Keys.First(other => ReplicaLayout.TryParseSnapshot(other, out var snapshot) && snapshot.Generation == name.Generation) == key;
        var end = Objects.Keys
            .Where(other => ReplicaLayout.TryParseSegment(other, out var segment) && segment.Generation == name.Generation && segment.Index == name.Index)
            .Select(other => SegmentTrailerCodec.ReadTail(Objects[other]).Trailer?.EndOffset ?? 0)
            .LastOrDefault();
        if (!isFirst && SnapshotTrailerCodec.ReadTail(Objects[key]).Trailer is { } trailer && trailer.CoveredOffset > end)
        {
            throw new SimulationException($"'{key}' contains its index up to {trailer.CoveredOffset}, and the WAL there ends at {end}.");
        }
    }

    /// <summary>What holds in the end: within an index of a generation the segments tile.</summary>
    public void Scrub()
    {
        ReplicationPosition? end = null;
        foreach (var key in Objects.Keys)
        {
            if (!ReplicaLayout.TryParseSegment(key, out var segment))
            {
                continue;
            }

            var trailer = SegmentTrailerCodec.ReadTail(Objects[key]).Trailer ?? throw new SimulationException($"'{key}' has no trailer.");
            if (segment.Offset != 0 && end != new ReplicationPosition(segment.Generation, segment.Index, segment.Offset))
            {
                throw new SimulationException($"'{key}' does not begin where the segment before it ends, at {end}.");
            }

            end = new ReplicationPosition(segment.Generation, segment.Index, trailer.EndOffset);
        }
    }

    /// <summary>The snapshots of each generation.</summary>
    public IReadOnlyDictionary<string, int> Snapshots() => Objects.Keys
        .Select(key => ReplicaLayout.TryParseSnapshot(key, out var snapshot) ? snapshot.Generation : null)
        .OfType<string>()
        .CountBy(generation => generation)
        .ToDictionary(StringComparer.Ordinal);

    private void Delete(string key) => Objects.DeleteAsync([key]).GetAwaiter().GetResult();
}
