namespace Litestream.Replication;

/// <summary>
/// Everything that can happen to a worker, in an order drawn from a seed: writes, checkpoints, changes of generation,
/// restarts, lost claims, and calls to the store that fail before or after they took effect. Whenever a pass says that
/// the replica holds everything, it is restored and compared, byte by byte.
/// </summary>
public sealed class ReplicationSimulationTests
{
    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 6)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_happens_what_a_pass_has_covered_restores(int seed)
    {
        using var scene = new ReplicationScene(pageSize: 512);
        var random = new Random(seed);
        var worker = scene.Worker();
        var failing = 0.0;
        Task FailMaybe() => random.NextDouble() < failing
            ? throw new ReplicaException("The store is away.", innerException: null, isTransient: random.Next(4) > 0)
            : Task.CompletedTask;
        scene.Replica.Before = (_, _) => FailMaybe();
        scene.Replica.After = _ => FailMaybe();
        var covered = 0;

        for (var step = 0; step < 120; step++)
        {
            switch (random.Next(12))
            {
                case 0:
                    scene.Capture.Checkpoint();
                    break;
                case 1 when random.Next(3) == 0:
                    scene.Capture.Capture();
                    scene.Capture.NewGeneration();
                    break;
                case 2:
                    worker.Dispose();
                    worker = scene.Worker();
                    break;
                case 3 when random.Next(3) == 0:
                    worker.DropClaim();
                    Clean(scene, worker);
                    break;
                case 4:
                    Clean(scene, worker);
                    break;
                case 5:
                    failing = random.Next(3) * 0.15;
                    break;
                case 6 or 7 or 8:
                    covered += await PassAsync(scene, worker) ? 1 : 0;
                    break;
                default:
                    scene.Insert(random.Next(1, 6), random.Next(1, 3000));
                    break;
            }

            if (scene.Capture.Requests.Count > 0)
            {
                throw new InvalidOperationException($"Nobody else writes here, and yet: {scene.Capture.Requests[0].Detail}");
            }
        }

        failing = 0;
        (await PassAsync(scene, worker) || await PassAsync(scene, worker)).Should().BeTrue();
        covered.Should().BeGreaterThan(3, "a simulation in which nothing works shows nothing");
    }

    private static async Task<bool> PassAsync(ReplicationScene scene, ReplicaWorker worker)
    {
        try
        {
            if (!await scene.PumpAsync(worker.RunOnceAsync(default)))
            {
                return false;
            }
        }
        catch (ReplicaException)
        {
            return false;
        }

        worker.CoveredSequence.Should().Be(scene.Capture.Head!.Sequence);
        worker.Position.Should().Be(scene.Capture.Head!.Position);
        worker.GetStatus().Lag.Should().Be(TimeSpan.Zero);
        scene.ShouldRestore();
        return true;
    }

    /// <summary>Removes from the shadow what the worker does not need, as the database's own loop does.</summary>
    private static void Clean(ReplicationScene scene, ReplicaWorker worker)
    {
        var claim = worker.ShadowClaim;
        var head = scene.Capture.Head!.Position;
        var generations = scene.Capture.Generations;
        foreach (var generation in generations)
        {
            for (var index = 0; index < 200; index++)
            {
                if ((generation != head.Generation || index < head.Index) && !claim.Needs(generations, generation, index))
                {
                    scene.Capture.Remove(generation, index);
                }
            }
        }
    }
}
