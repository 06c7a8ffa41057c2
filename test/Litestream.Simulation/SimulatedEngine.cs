using Litestream.Replication;
using Litestream.Shadow;
using Litestream.Testing.Faults;
using Litestream.Verification;
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
    private bool _opening;
    private string? _judged;
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
            new ReplicaOptions { Url = "memory://", SnapshotInterval = swarm.Days ? TimeSpan.FromHours(4) : null },
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

    /// <summary>Everything captured is on every replica, but for those that a copy of the machine has taken over.</summary>
    public bool IsCaughtUp => Replicator.State == ReplicationState.Replicating
        && Replicator.Shadow.Head is { } head
        && Workers.All(worker => worker.CoveredSequence >= head.Sequence || IsTakenOver(worker));

    private bool IsTakenOver(ReplicaWorker worker) =>
        _world.Swarm.Zombies
        && worker.GetStatus() is { State: ReplicationState.Faulted, LastError: { } error }
        && error.Contains("the one that began later goes on", StringComparison.Ordinal);

    public void Open() => Capturing(() => _world.Run(Replicator.OpenAsync(CancellationToken.None)), opening: true);

    /// <summary>One pass of the capture.</summary>
    public void Capture() => Capturing(
        () => _world.Run(Replicator.RunOnceAsync(CancellationToken.None)),
        opening: Replicator.State is ReplicationState.Retrying or ReplicationState.Faulted || Replicator.Shadow.Head is null);

    /// <summary>One pass of a worker.</summary>
    public void Work(int number) => Working(number, worker => worker.RunOnceAsync(CancellationToken.None));

    /// <summary>A snapshot on demand.</summary>
    public void Snapshot(int number)
    {
        _world.Replicas[number].SnapshotsDemanded++;
        Working(number, worker => worker.SnapshotAsync(CancellationToken.None));
    }

    /// <summary>What a replica needs over time: retention, and a look whether all is still there.</summary>
    public void Upkeep(int number)
    {
        _world.Replicas[number].Upkeeps++;
        Working(number, worker => worker.RunUpkeepOnceAsync(CancellationToken.None));
    }

    /// <summary>Proves that a replica restores to what the database holds.</summary>
    /// <param name="number">The replica.</param>
    /// <param name="client">What it is read from. Several threads read at once: nobody gets a turn there.</param>
    /// <returns>What was found; null if it could not be done.</returns>
    public ReplicaVerification? Verify(int number, IReplicaClient client)
    {
        using var verifier = new ReplicaVerifier(
            Replicator, Workers[number], client, interval: null, _world.Time, NullLogger.Instance, _ => long.MaxValue);
        Task<ReplicaVerification>? run = null;
        Working(number, _ => run = verifier.VerifyAsync(CancellationToken.None));
        return run is { IsCompletedSuccessfully: true } && !IsDead ? run.Result : null;
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

    private void Working(int number, Func<ReplicaWorker, Task> work)
    {
        _working[number] = true;
        try
        {
            _world.Run(work(Workers[number]));
        }
        catch (LitestreamException exception)
        {
            _world.Say($"  replica {number}: {exception.Message}");
        }
        finally
        {
            _working[number] = false;
        }

        if (!IsDead)
        {
            if (Workers[number].GetStatus().LastError is { } trouble)
            {
                _world.Say($"  replica {number} says: {trouble}");
            }

            _site.Learn();
            Acknowledge(number);
        }
    }

    private void Capturing(Action capture, bool opening)
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
            _opening |= opening;
            if (head.Position.Generation != _judged
                && Replicator.GetStatus() is { State: ReplicationState.Replicating, GenerationReason: { } reason })
            {
                _world.Check(() => DemandCause(Enum.Parse<GenerationReason>(reason), _opening));
                (_judged, _opening) = (head.Position.Generation, false);
            }

            _site.Learn();
            if (_site.Expect(head.Position) is { } state)
            {
                _captured.Add((head.Sequence, state));
            }
        }
    }

    /// <summary>No generation begins without a cause, and nothing that happens while a mark is held is one.</summary>
    private void DemandCause(GenerationReason reason, bool opening)
    {
        var swarm = _world.Swarm;
        var isCaused = reason switch
        {
            GenerationReason.NoneYet or GenerationReason.WalResetWhileAway => opening,
            GenerationReason.WalOverwritten or GenerationReason.ShadowTorn => opening && swarm.PowerCuts,
            GenerationReason.PageSizeChanged => opening && swarm.PageSizeChanges,
            // A store whose clock jumps looks like one to which somebody else writes, too.
            GenerationReason.ReplicaConflict when swarm.WrongClocks => true,
            GenerationReason.VerificationFailed => swarm.Tampering || swarm.Zombies || swarm.Lies || swarm.ShortOfSpace,
            GenerationReason.ReplicaDiverged or GenerationReason.ReplicaHoled or GenerationReason.ReplicaConflict =>
                swarm.Tampering || swarm.Zombies || swarm.Lies || swarm.PowerCuts || swarm.ShortOfSpace,
            _ => false,
        };
        if (!isCaused)
        {
            throw new SimulationException($"A generation began {(opening ? "at a start" : "in the middle")} for no cause that this run gave: {reason}.");
        }
    }

    /// <summary>What the worker says now is held against it in the end.</summary>
    private void Acknowledge(int number, bool inTheMiddle = false)
    {
        var worker = Workers[number];

        // In the middle, the end of what is up may lie within a transaction, where nobody can be told to restore to.
        if (worker.Position.IsEmpty || (inTheMiddle && _site.Expect(worker.Position) is null))
        {
            return;
        }

        var covered = _captured.FindLast(captured => captured.Sequence <= worker.CoveredSequence).State;
        _world.Acknowledged(new Acknowledgement(
            number, worker.Position, _site.Expect(worker.Position), covered ?? new State(-1, ""), _world.Step, _world.Time.GetUtcNow()));
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
                _world.Check(() => replica.DemandSoundFor(call.Key, _world.Swarm));
            }

            // Whoever looks at the status now is told this.
            Acknowledge(replica.Number, inTheMiddle: true);

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
