using Litestream.Storage;
using Litestream.Testing.Faults;

namespace Litestream.Simulation;

/// <summary>What has to be true when the faults have stopped and the lag is zero.</summary>
internal sealed class FinalChecks(World world, Random random)
{
    private const int EarlierPositions = 5;

    private readonly RestoreCheck _restore = new(world);

    public void Run()
    {
        world.DemandIdle();
        foreach (var replica in world.Replicas)
        {
            new TrafficCheck(world).Demand(replica);
        }

        foreach (var said in world.Oracle.Acknowledgements.DistinctBy(said => (said.Replica, said.Position, said.Exactly)))
        {
            _restore.DemandHolds(said);
        }

        foreach (var replica in world.Replicas)
        {
            DemandLatest(replica);
            DemandEarlier(replica);
            if (!replica.IsTampered)
            {
                replica.Scrub();
                DemandNoNeedlessSnapshot(replica);
            }

            world.Tally.Faults += replica.Store.Injected.Count;
            world.Tally.Deletions += replica.Store.Calls.Count(call => call.Operation == ReplicaOperation.Delete);
        }
    }

    private void DemandLatest(SimulatedReplica replica)
    {
        try
        {
            var what = $"the end of replica {replica.Number}";
            var (state, position) = _restore.Restore(replica, new RestoreOptions { OutputPath = "" }, what);
            if (world.Sites is [var only] && !world.Swarm.WrongClocks && state != only.Current)
            {
                throw new SimulationException(
                    $"Wrong: {what}, {world.Short(position)}, is state {state.Number} and not the last one, {only.Current.Number}.");
            }
        }
        catch (ReplicaException) when (replica.IsTampered)
        {
        }
    }

    /// <summary>Positions that nobody has spoken of: what can be reached is a state that was.</summary>
    private void DemandEarlier(SimulatedReplica replica)
    {
        var load = ReplicaCatalog.LoadAsync(replica.Objects, null, CancellationToken.None);
        world.Run(load);
        var segments = load.GetAwaiter().GetResult().Generations.SelectMany(generation => generation.Segments).ToList();
        for (var i = 0; i < EarlierPositions && segments.Count > 0; i++)
        {
            var name = segments[random.Next(segments.Count)].Name;
            var options = random.Next(2) == 0
                ? new RestoreOptions { OutputPath = "", Position = new ReplicationPosition(name.Generation, name.Index, name.Offset) }
                : new RestoreOptions { OutputPath = "", Generation = name.Generation, Index = name.Index };
            try
            {
                _restore.Restore(replica, options, $"replica {replica.Number} at {name.Index:x}:{name.Offset}");
            }
            catch (BackupNotFoundException)
            {
                // It lies before the first snapshot, or in a hole that a lost claim has left.
            }
            catch (ReplicaException) when (replica.IsTampered || world.Swarm.ShortOfSpace)
            {
            }
        }
    }

    private void DemandNoNeedlessSnapshot(SimulatedReplica replica)
    {
        var snapshots = replica.Snapshots();
        if (world.Swarm.IsCalm && snapshots.Count > 1)
        {
            throw new SimulationException($"Nothing has happened, and yet there are {snapshots.Count} generations.");
        }

        if (world.Swarm is { ShortOfSpace: false, Lies: false, Days: false } && snapshots.Values.Any(count => count > 1 + replica.SnapshotsDemanded))
        {
            throw new SimulationException(
                $"No claim was lost, and yet a generation on replica {replica.Number} has several snapshots: "
                + string.Join(", ", replica.Objects.Keys.Where(key => ReplicaLayout.TryParseSnapshot(key, out _))));
        }
    }
}
