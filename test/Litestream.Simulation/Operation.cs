using Litestream.Restore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Simulation;

/// <summary>What a user has the engine do, for the sweep over every call that it makes.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Prepare">Brings everything to where it begins.</param>
/// <param name="Run">Does it.</param>
internal sealed record Operation(string Name, Action<World, Site> Prepare, Action<World, Site> Run)
{
    private const string Target = "restored.db";

    public static IReadOnlyList<Operation> All { get; } =
    [
        new("first sync", Write, Sync),
        new("sync", Synced, Sync),
        new("start", Away, Resume),
        new("new generation", WalGone, Resume),
        new("stop", Synced, (world, site) =>
        {
            Sync(world, site);
            site.Engine!.Stop(releaseMark: true);
            site.Engine = null;
        }),
        new("snapshot", NextIndex, (world, site) =>
        {
            world.Capture(site);
            site.Engine!.Snapshot(0);
        }),
        new("upkeep", NextIndex, (world, site) =>
        {
            Sync(world, site);
            world.Time.Advance(TimeSpan.FromHours(2));
            site.Engine!.Upkeep(0);
        }),
        new("verify", Synced, Verify),
        new("restore", Synced, Restore),
        new("list", Synced, List),
    ];

    public override string ToString() => Name;

    private static void Write(World world, Site site)
    {
        world.Start(site);
        for (var i = 0; i < 3; i++)
        {
            world.Write(site);
        }
    }

    private static void Sync(World world, Site site)
    {
        world.Time.Advance(TimeSpan.FromSeconds(1));
        world.Capture(site);
        site.Engine!.Work(0);
    }

    private static void Synced(World world, Site site)
    {
        Write(world, site);
        Sync(world, site);
        world.Write(site);
        Sync(world, site);
        world.Write(site);
    }

    private static void Away(World world, Site site)
    {
        Synced(world, site);
        world.Capture(site);
        site.Engine!.Stop(releaseMark: true);
        site.Engine = null;
        world.Write(site);
    }

    private static void WalGone(World world, Site site)
    {
        Away(world, site);
        site.CloseAll();
        site.Look();
        world.Write(site);
    }

    private static void Resume(World world, Site site)
    {
        world.Time.Advance(TimeSpan.FromSeconds(1));
        world.Start(site);
        Sync(world, site);
        world.Write(site);
        Sync(world, site);
    }

    private static void NextIndex(World world, Site site)
    {
        Synced(world, site);
        Sync(world, site);
        site.App.CheckpointPassive();
        world.Capture(site);
        site.Engine!.Stop(releaseMark: false);
        world.Start(site);
        for (var i = 0; i < 3; i++)
        {
            world.Write(site);
            world.Capture(site);
        }
    }

    /// <summary>What cannot be read is no difference.</summary>
    private static void Verify(World world, Site site)
    {
        var store = world.Replicas[0].Store;
        if (site.Engine!.Verify(0, store) is { Succeeded: false } found && !world.Swarm.Lies)
        {
            throw new SimulationException($"A failure to read was taken for a difference: {found.Difference}");
        }
    }

    /// <summary>Through the failing store: what was acknowledged, or nothing at all.</summary>
    private static void Restore(World world, Site site)
    {
        var said = world.Oracle.Acknowledgements[^1];
        var path = site.Volume.Spare(Target);
        try
        {
            var run = new RestoreRunner(world.Replicas[0].Store, null, NullLogger.Instance, world.Time).RunAsync(
                new RestoreOptions { OutputPath = path, Position = said.Position, Parallelism = 1 }, CancellationToken.None);
            world.Run(run);
            if (Oracle.HashOf(File.ReadAllBytes(path)) != said.Exactly!.Hash)
            {
                throw new SimulationException("The restore went well and gave something else.");
            }
        }
        catch (BackupNotFoundException exception) when (!world.Swarm.Lies)
        {
            throw new SimulationException($"A failure to read was taken for a backup that is not there: {exception.Message}", exception);
        }
        catch (ReplicaException)
        {
            var left = Directory.GetFiles(Path.GetDirectoryName(path)!, Target + "*");
            if (left.Length > 0)
            {
                throw new SimulationException($"The restore failed and left {string.Join(", ", left)} behind.");
            }
        }
    }

    /// <summary>All of it, or an error.</summary>
    private static void List(World world, Site site)
    {
        try
        {
            var list = world.Replicas[0].Store.ListBackupsAsync().ToListAsync().AsTask();
            world.Run(list);
            if (!world.Swarm.Lies && list.Result.Count != 1)
            {
                throw new SimulationException($"There is 1 generation, and {list.Result.Count} were listed.");
            }
        }
        catch (ReplicaException)
        {
            // Said so.
        }
    }
}
