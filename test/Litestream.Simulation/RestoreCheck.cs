using Litestream.Restore;
using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Simulation;

/// <summary>Restores, and compares with what the database was.</summary>
internal sealed class RestoreCheck(World world)
{
    private static readonly TimeSpan Retention = new ReplicaOptions().Retention!.Value;
    private static readonly TimeSpan ClockError = TimeSpan.FromHours(4);

    /// <summary>What was said to be restorable is, and is what it was.</summary>
    public void DemandHolds(Acknowledgement said)
    {
        var replica = world.Replicas[said.Replica];
        var what = $"replica {said.Replica} at {world.Short(said.Position)}, acknowledged in step {said.Step}";
        State restored;
        try
        {
            (restored, _) = Restore(replica, new RestoreOptions { OutputPath = "", Position = said.Position }, what);
        }
        catch (ReplicaException) when (replica.IsTampered || MayBeGone(said))
        {
            return;
        }
        catch (ReplicaException exception)
        {
            throw new SimulationException($"Not restorable: {what}: {exception.Message}", exception);
        }

        if (said.Exactly is { } exactly && exactly != restored)
        {
            throw new SimulationException($"Wrong: {what}, is state {restored.Number} instead of {exactly.Number}.");
        }
    }

    /// <summary>A verification has to say of a replica what restoring it shows.</summary>
    public void DemandAgrees(SimulatedReplica replica, ReplicaVerification found, State? expected)
    {
        var what = $"replica {replica.Number} at {world.Short(found.Position)}, which was verified";
        State? restored = null;
        try
        {
            (restored, _) = Restore(replica, new RestoreOptions { OutputPath = "", Position = found.Position }, what);
        }
        catch (ReplicaException)
        {
            // It cannot be restored; that is what the verification has to say.
        }

        if (found.Succeeded ? restored is null || (expected ?? restored) != restored : restored is not null && restored == expected)
        {
            throw new SimulationException($"Wrong: {what} as {found.Difference ?? "sound"}, restores to state {restored?.Number}, expected {expected?.Number}.");
        }

        if (!found.Succeeded && !replica.IsTampered && world.Swarm is { Zombies: false, Lies: false, ShortOfSpace: false })
        {
            throw new SimulationException($"Nobody has touched {what} as damaged: {found.Difference}");
        }
    }

    /// <summary>What is older than the retention may have been removed; by the store's clock, which may be wrong.</summary>
    private bool MayBeGone(Acknowledgement said) =>
        world.Swarm.Days && world.Time.GetUtcNow() - said.At > Retention - (world.Swarm.WrongClocks ? ClockError : TimeSpan.Zero);

    /// <summary>Restores from what lies on the replica.</summary>
    /// <returns>The state that came out: one that the database was in.</returns>
    /// <exception cref="SimulationException">The database never was what came out, or not at that position.</exception>
    /// <exception cref="ReplicaException">The restore was refused.</exception>
    public (State State, ReplicationPosition Position) Restore(SimulatedReplica replica, RestoreOptions options, string what)
    {
        using var folder = new TempDirectory();
        options.OutputPath = folder.File("restored.db");
        options.Parallelism = 1;
        options.IntegrityCheck = IntegrityCheck.None;
        var run = new RestoreRunner(replica.Objects, null, NullLogger.Instance, world.Time).RunAsync(options, CancellationToken.None);
        world.Run(run);
        var position = run.GetAwaiter().GetResult().Position;
        world.Tally.Compares++;
        var hash = Oracle.HashOf(File.ReadAllBytes(options.OutputPath));
        if (world.Oracle.Find(hash) is not { } state)
        {
            throw new SimulationException($"Wrong: {what} restores to what the database never was, at {world.Short(position)}.");
        }

        return world.Oracle.MayBe(position, hash)
            ? (state, position)
            : throw new SimulationException($"Wrong: {what} restores to state {state.Number} at {world.Short(position)}, where it was another one.");
    }
}
