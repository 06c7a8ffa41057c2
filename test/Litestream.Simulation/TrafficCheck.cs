using Litestream.Storage;
using Litestream.Testing.Faults;

namespace Litestream.Simulation;

/// <summary>
/// What was asked of a store and sent to it, held against what has happened. The factors come from measured seeds: a run
/// without faults has no request to spare for a second upload, nor for a listing in every pass.
/// </summary>
internal sealed class TrafficCheck(World world)
{
    /// <summary>More than an LZ4 frame and a trailer take besides their content.</summary>
    private const long BytesPerObject = 2048;

    /// <summary>What an opening looks at: the snapshot, the last segment, and the links before it.</summary>
    private const int ReadsPerLook = 3;

    public void Demand(SimulatedReplica replica)
    {
        var (traffic, tally) = (replica.Traffic, world.Tally);
        var faults = replica.Store.Injected.Count;
        var objects = traffic.Objects.Count;
        var snapshots = traffic.Objects.Keys.Count(key => ReplicaLayout.TryParseSnapshot(key, out _));
        var writers = world.Swarm.Zombies ? 2 : 1;

        // Whatever was lost may have to be sent again, or looked at again.
        var again = 2 * faults + tally.Starts;

        // A claim that was lost has the worker look at what the replica holds.
        var lost = world.Swarm.ShortOfSpace ? tally.WorkerPasses : 0;
        var looks = tally.Starts + world.Oracle.Generations + replica.Upkeeps + replica.SnapshotsDemanded + faults + lost;

        Hold("bytes", traffic.Sent, writers * world.Oracle.CapturedBytes + snapshots * world.Oracle.LargestImage + objects * BytesPerObject + again * traffic.Largest);
        Hold("bytes of what it got", traffic.Sent, traffic.Objects.Values.Sum() + again * traffic.Largest);
        Hold("writes", traffic[ReplicaOperation.Write], objects + again);
        Hold("listings", traffic[ReplicaOperation.List] + traffic[ReplicaOperation.ListPrefixes], 2 * looks);
        Hold("reads", traffic[ReplicaOperation.Read], ReadsPerLook * looks);
        Hold("deletions", traffic[ReplicaOperation.Delete], 2 * (replica.Upkeeps + faults));

        void Hold(string what, long seen, long atMost)
        {
            if (seen > atMost)
            {
                throw new SimulationException($"Replica {replica.Number} has seen {seen} {what}, and what has happened explains {atMost}.");
            }
        }
    }
}
