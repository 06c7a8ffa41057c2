using Litestream.Replication;
using Litestream.Testing.Faults;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Simulation;

/// <summary>The engine of one process: capture, workers and trimmer, each step of which is called by the scheduler.</summary>
internal sealed class SimulatedEngine : IDisposable
{
    private readonly World _world;
    private readonly Site _site;
    private readonly bool[] _working;
    private readonly List<(long Sequence, State State)> _captured = [];
    private bool _capturing;
    private bool _stopped;

    public SimulatedEngine(World world, Site site)
    {
        (_world, _site) = (world, site);
        var swarm = world.Swarm;
        var options = new DatabaseOptions
        {
            Path = site.Volume.DatabasePath,
            MinCheckpointPages = swarm.MinCheckpointPages,
            MaxCheckpointPages = swarm.MaxCheckpointPages,
            CheckpointInterval = swarm.CheckpointInterval,
            BusyTimeout = TimeSpan.Zero,
            ShadowLimit = swarm.ShortOfSpace ? 20 * swarm.PageSize : 1L << 30,
        };
        Replicator = new DatabaseReplicator(
            new CaptureDefinition("app", site.Volume.DatabasePath, site.Volume.MetaPath, options)
            {
                Pause = () => world.Turn(site, Place.InCapture),
            },
            new NoWatcher(),
            world.Time,
            NullLogger.Instance);
        Workers = [.. world.Replicas.Select(replica => new ReplicaWorker(
            Replicator,
            Client(replica),
            $"replica {replica.Number}",
            new ReplicaOptions { Url = "memory://" },
            world.Time,
            NullLogger.Instance,
            new Random(world.Seed),
            _ => long.MaxValue))];
        _working = new bool[Workers.Count];
        Replicator.Captured += noticedAt =>
        {
            foreach (var worker in Workers)
            {
                worker.HeadChanged(noticedAt);
            }
        };
        Replicator.Trimmer = new ShadowTrimmer(Workers, site.Volume.DatabasePath, options.ShadowLimit, NullLogger.Instance);
    }

    public DatabaseReplicator Replicator { get; }

    public IReadOnlyList<ReplicaWorker> Workers { get; }

    /// <summary>True once the process has died: what it still does reaches nobody.</summary>
    public bool IsDead { get; set; }

    /// <summary>True if nothing of the engine is in the middle of something.</summary>
    public bool IsIdle => !_capturing && !Array.Exists(_working, working => working);

    public bool MayCapture => !_capturing && !IsDead;

    public bool MayWork(int worker) => !_working[worker] && !IsDead;

    /// <summary>Everything captured is on every replica.</summary>
    public bool IsCaughtUp => Replicator.State == ReplicationState.Replicating
        && Replicator.Shadow.Head is { } head
        && Workers.All(worker => worker.CoveredSequence >= head.Sequence);

    public void Open() => Capturing(() => _world.Run(Replicator.OpenAsync(CancellationToken.None)));

    /// <summary>One pass of the capture.</summary>
    public void Capture() => Capturing(() => _world.Run(Replicator.RunOnceAsync(CancellationToken.None)));

    /// <summary>One pass of a worker.</summary>
    public void Work(int number)
    {
        var worker = Workers[number];
        _working[number] = true;
        try
        {
            _world.Run(worker.RunOnceAsync(CancellationToken.None));
        }
        catch (ReplicaException exception)
        {
            _world.Say($"  replica {number}: {exception.Message}");
        }
        finally
        {
            _working[number] = false;
        }

        if (!IsDead)
        {
            _site.Learn();
            Acknowledge(number);
        }
    }

    /// <summary>Ends as a host does; the mark goes too, or stays for a later host of the process.</summary>
    public void Stop(bool releaseMark)
    {
        _stopped = true;
        foreach (var worker in Workers)
        {
            worker.Dispose();
        }

        _world.Run(Replicator.StopAsync(releaseMark));
    }

    public void Dispose()
    {
        if (!_stopped)
        {
            Stop(releaseMark: true);
        }
    }

    private void Capturing(Action capture)
    {
        _capturing = true;
        try
        {
            capture();
        }
        finally
        {
            _capturing = false;
        }

        if (!IsDead && Replicator.Shadow.Head is { } head)
        {
            _site.Learn();
            if (_site.Expect(head.Position) is { } state)
            {
                _captured.Add((head.Sequence, state));
            }
        }
    }

    /// <summary>What the worker says now is held against it in the end.</summary>
    private void Acknowledge(int number)
    {
        var worker = Workers[number];
        if (worker.Position.IsEmpty)
        {
            return;
        }

        var covered = _captured.FindLast(captured => captured.Sequence <= worker.CoveredSequence).State;
        _world.Acknowledged(new Acknowledgement(
            number, worker.Position, _site.Expect(worker.Position), covered ?? new State(-1, ""), _world.Step));
    }

    /// <summary>A process that has died reaches no store; and while it waits for one, others get a turn.</summary>
    private FaultyReplicaClient Client(SimulatedReplica replica)
    {
        return new FaultyReplicaClient(replica.Store) { Before = TurnAsync, After = TurnAsync };

        Task TurnAsync(ReplicaCall call)
        {
            DemandAlive();
            if (call.Operation == ReplicaOperation.Write && !replica.IsTampered)
            {
                _world.Check(replica.DemandNoOrphan);
            }

            _world.Turn(_site, Place.InStore);
            DemandAlive();
            return Task.CompletedTask;
        }

        void DemandAlive()
        {
            if (IsDead)
            {
                throw new ReplicaException("The process is dead.");
            }
        }
    }

    private sealed class NoWatcher : IWalWatcher
    {
        public IDisposable Watch(nint walIndexPointer, TimeSpan idleInterval, Action onChanged) => new Registration();

        public void Wake()
        {
        }

        private sealed class Registration : IDisposable
        {
            public void Dispose()
            {
            }
        }
    }
}
