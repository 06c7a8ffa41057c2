using System.Globalization;
using Litestream.Diagnostics;
using Litestream.Shadow;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>Keeps the shadow as small as the replicas allow. Used from the database's loop.</summary>
/// <param name="workers">The replicas' workers.</param>
/// <param name="path">The database, for messages.</param>
/// <param name="limit">Bytes on the disk that may be held back for replicas that lag.</param>
/// <param name="logger">Told when a replica loses its claim.</param>
internal sealed class ShadowTrimmer(IReadOnlyList<ReplicaWorker> workers, string path, long limit, ILogger logger)
{
    /// <summary>Bytes on the disk that may be held back for replicas that lag. Changed in the database's loop.</summary>
    public long Limit { get; set; } = limit;

    /// <summary>The disk is full: frees what can be freed, at the cost of the replica that lags most.</summary>
    public void Relieve(ShadowWal shadow)
    {
        if (shadow.Generations.Count > 0)
        {
            DropOldestClaim(shadow, "the disk is full");
            Trim(shadow);
        }
    }

    /// <summary>Removes from the shadow what every replica has; past the disk bound the one that lags most loses its claim.</summary>
    public void Trim(ShadowWal shadow)
    {
        if (shadow.SizeBytes > Limit && shadow.Indexes(shadow.Last.Generation).Count + shadow.Generations.Count > 2)
        {
            DropOldestClaim(shadow, string.Create(CultureInfo.InvariantCulture, $"more than {Limit} bytes of WAL are held back for it on disk"));
        }

        var generations = shadow.Generations;
        foreach (var generation in generations)
        {
            var needed = false;
            foreach (var index in shadow.Indexes(generation))
            {
                if (Mutations.Made != Mutation.ClaimsIgnored && workers.Any(worker => worker.ShadowClaim.Needs(generations, generation, index)))
                {
                    needed = true;
                }
                else
                {
                    shadow.Remove(generation, index);
                }
            }

            if (!needed)
            {
                shadow.RemoveGeneration(generation);
            }
        }
    }

    /// <summary>One that has come to the last index lets go of the one before with its next segment, by itself.</summary>
    private static bool Lags(ReplicaWorker worker, ShadowWal shadow) =>
        worker.Position.Generation != shadow.Last.Generation || worker.Position.Index < shadow.Last.Index;

    private static (int, int, long) PlaceOf(ReplicaWorker worker, ShadowWal shadow)
    {
        var position = worker.Position;
        var generations = shadow.Generations.ToList();
        return (generations.IndexOf(position.Generation), position.Index, position.Offset);
    }

    private void DropOldestClaim(ShadowWal shadow, string reason)
    {
        foreach (var generation in shadow.Generations)
        {
            foreach (var index in shadow.Indexes(generation))
            {
                if (generation == shadow.Last.Generation && index == shadow.Last.Index)
                {
                    return;
                }

                if (workers.Where(worker => worker.ShadowClaim.Needs(shadow.Generations, generation, index) && Lags(worker, shadow))
                    .MinBy(worker => PlaceOf(worker, shadow)) is { } last)
                {
                    last.DropClaim();
                    Log.ShadowLimitReached(logger, path, last.Name, reason);
                    return;
                }
            }
        }
    }
}
