using System.Globalization;
using System.Text.RegularExpressions;
using Litestream.Wal;

namespace Litestream.Simulation;

/// <summary>
/// One run: a seed decides what happens, in which order, and in the middle of what. READ <see cref="Play"/> FIRST. Every step
/// of the engine is called from here, and whenever it calls a store, or stands between two looks at the WAL, others get
/// a turn; so one logical thread does everything, and the same seed does the same again.
/// </summary>
internal sealed partial class World : IDisposable
{
    private const int DeepestTurn = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Random _random;
    private readonly Random _rare;
    private readonly List<Site> _sites = [];
    private readonly List<string> _trace = [];
    private readonly Dictionary<string, int> _generations = new(StringComparer.Ordinal);
    private int _depth;
    private int _lastSite;
    private bool _quiet;

    /// <param name="seed">Decides everything.</param>
    /// <param name="swarm">What there is in the run; drawn from the seed if it is not said.</param>
    public World(int seed, Swarm? swarm = null)
    {
        Seed = seed;
        _random = new Random(seed);

        // From a generator of their own: what is rare leaves the other seeds as they are.
        _rare = new Random(~seed);
        Swarm = swarm ?? Swarm.Draw(_random);
        if (swarm is null)
        {
            Swarm = Swarm with { Verifies = Swarm.Tampering || _rare.Next(4) == 0, Huge = _rare.Next(40) == 0 };
        }

        Replicas = [.. Enumerable.Range(0, Swarm.Replicas).Select(number => new SimulatedReplica(number, Time, Swarm, _random))];
    }

    public int Seed { get; }

    public Swarm Swarm { get; }

    public SimulatedTime Time { get; } = new();

    public Oracle Oracle { get; } = new();

    public IReadOnlyList<SimulatedReplica> Replicas { get; }

    public IReadOnlyList<Site> Sites => _sites;

    /// <summary>How many machines there were, those that have died among them.</summary>
    public int SitesEver => _lastSite;

    public int Step { get; private set; }

    /// <summary>What must not be, and was.</summary>
    public Exception? Violation { get; private set; }

    public Tally Tally { get; } = new();

    /// <summary>What happened.</summary>
    public IReadOnlyList<string> Trace => _trace;

    /// <summary>The whole run: everything in disorder, then the faults stop, and everything that was said has to be true.</summary>
    public void Play()
    {
        Check(() =>
        {
            Found();
            for (Step = 1; Step <= Swarm.Steps && Violation is null; Step++)
            {
                Time.Advance(TimeSpan.FromMilliseconds(_random.Next(1, 3000)));
                Act(_sites[_random.Next(5) == 0 ? _random.Next(_sites.Count) : 0]);
                ActRarely(_sites[0]);
                Bury();
            }

            if (Violation is null)
            {
                Settle();
                new FinalChecks(this, _random).Run();
            }
        });
        Tally.Seeds = 1;
        Tally.Commits = Oracle.States;
    }

    /// <summary>Takes note of what happens; without the names of generations, which are drawn anew in every run.</summary>
    public void Say(string what) => _trace.Add(
        $"{Step,4} {new string(' ', 2 * _depth)}{GenerationName().Replace(what, match => $"g{NumberOf(match.Value)}")}");

    /// <summary>Runs one step of the engine to its end.</summary>
    public void Run(Task task)
    {
        var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!task.IsCompleted)
        {
            if (!Time.EndDelay() && !((IAsyncResult)task).AsyncWaitHandle.WaitOne(1) && Environment.TickCount64 > until)
            {
                throw new SimulationException("A step of the engine does not end.");
            }
        }

        task.GetAwaiter().GetResult();
    }

    /// <summary>Something may be found that must not be: in the middle of what the engine does it would only be one failure more.</summary>
    public void Check(Action check)
    {
        try
        {
            check();
        }
        catch (Exception exception)
        {
            Violation ??= exception;
        }
    }

    /// <summary>Others get a turn, perhaps.</summary>
    public void Turn(Site site, Place place)
    {
        if (Violation is not null || _quiet || _depth >= DeepestTurn || site.Engine is not { IsDead: false }
            || _random.NextDouble() >= Swarm.Interleaving)
        {
            return;
        }

        _depth++;
        Check(() => Interrupt(site, place));
        _depth--;
    }

    /// <summary>A worker has said what can be restored.</summary>
    public void Acknowledged(Acknowledgement said)
    {
        if (Oracle.Acknowledgements.LastOrDefault(earlier => earlier.Replica == said.Replica) is { } last
            && last.Position == said.Position && last.Exactly == said.Exactly && last.AtLeast == said.AtLeast)
        {
            return;
        }

        Oracle.Acknowledgements.Add(said);
        if (said.Exactly is { } exactly)
        {
            Oracle.Know(said.Position, exactly);
        }

        Say($"  replica {said.Replica} holds state {said.Exactly?.Number.ToString(CultureInfo.InvariantCulture) ?? "?"}, at least {said.AtLeast.Number}, at {Short(said.Position)}");
        if (_random.Next(6) == 0)
        {
            Check(() => new RestoreCheck(this).DemandHolds(said));
        }
    }

    public void Dispose()
    {
        _quiet = true;
        foreach (var site in _sites)
        {
            site.Successor?.Dispose();
            Check(site.Dispose);
        }
    }

    /// <summary>A position without the generation's random name.</summary>
    public string Short(ReplicationPosition position) =>
        position.IsEmpty ? "nowhere" : $"g{NumberOf(position.Generation)}/{position.Index:x}:{position.Offset}";

    [GeneratedRegex(@"\b[0-9a-f]{16}\b")]
    private static partial Regex GenerationName();

    private int NumberOf(string generation)
    {
        if (!_generations.TryGetValue(generation, out var number))
        {
            _generations[generation] = number = _generations.Count;
        }

        return number;
    }

    /// <summary>The first machine, with an empty database.</summary>
    public Site Found()
    {
        Say($"{Swarm}");
        var site = new Site(_lastSite++, new Volume(), Oracle, Swarm, _random);
        _sites.Add(site);
        site.App.Create();
        site.Look();
        return site;
    }

    private void Act(Site site)
    {
        if (site.Engine is null)
        {
            ActAway(site);
            return;
        }

        switch (_random.Next(100))
        {
            case < 32:
                Write(site);
                break;
            case < 51:
                Capture(site);
                break;
            case < 71:
                Work(site);
                break;
            case < 74 when Swarm.Faults.Count > 0:
                ChangeFaults();
                break;
            case < 76 when Swarm.Snapshots:
                Snapshot(site);
                break;
            case < 79 when Swarm.Strangers:
                Stranger(site);
                break;
            case < 83 when Swarm.DyingWriters:
                DyingWriter(site);
                break;
            case < 85 when Swarm.Days:
                GoBy(site);
                break;
            case < 86 when Swarm.Faults.Count > 0:
                ChangeFaults();
                break;
            case < 89 when Swarm.Stops:
                Stop(site);
                break;
            case < 92 when Swarm.Crashes:
                Die(site);
                break;
            case < 94 when Swarm.Tampering && _random.Next(4) == 0:
                Say($"tampering: {Replicas[_random.Next(Replicas.Count)].Tamper(_random)}");
                if (Swarm.Verifies)
                {
                    Verify(site);
                }

                break;
            case < 95 when Swarm.Zombies && _sites.Count == 1:
                Say("a copy of the machine comes to life");
                _sites.Add(site.Fork(_lastSite++, Swarm, _random, cut: null));
                _sites[^1].Look();
                break;
            case < 96 when Swarm.WrongClocks:
                Replicas[0].Store.ClockSkew = TimeSpan.FromSeconds(_random.Next(-7200, 7200));
                break;
            case < 98 when Swarm.Strangers && !site.App.HasReader:
                DemandGoodGuest(site);
                break;
            default:
                Write(site);
                break;
        }
    }

    private void ActRarely(Site site)
    {
        if (Swarm.Huge && Step == Swarm.Steps / 2)
        {
            Say("a huge transaction");
            site.App.Swell();
            site.Look();
        }

        // Uploaded in several parts, with others in between; and then it goes, so that the rest of the run is no slower.
        if (Swarm.Huge && Step == Swarm.Steps / 2 + 8)
        {
            Say("what was huge goes");
            site.App.Shrink();
            site.Look();
        }

        if (Swarm.Verifies && _rare.Next(10) == 0)
        {
            Verify(site);
        }
    }

    private void Verify(Site site)
    {
        if (site.Engine is not { IsDead: false } engine)
        {
            return;
        }

        var replica = Replicas[_rare.Next(Replicas.Count)];
        Say($"replica {replica.Number} is verified");
        if (engine.Verify(replica.Number, replica.Objects) is { } found)
        {
            Say($"  {found.Difference ?? "sound"}");
            Tally.Verifications++;
            Tally.Differences += found.Succeeded ? 0 : 1;
            new RestoreCheck(this).DemandAgrees(replica, found, site.Expect(found.Position));
        }
    }

    private void ActAway(Site site)
    {
        switch (_random.Next(20))
        {
            case < 7:
                Start(site);
                break;
            case < 10 when Swarm.Strangers:
                Stranger(site);
                break;
            case < 12:
                Say("the application closes the database");
                site.CloseAll();
                site.Look();
                break;
            case < 13 when Swarm.PageSizeChanges:
                Say("the page size changes");
                site.CloseAll();
                site.App.ChangePageSize();
                site.Look();
                break;
            case < 14 when Swarm.DyingWriters:
                DyingWriter(site);
                break;
            default:
                Write(site);
                break;
        }
    }

    private void Interrupt(Site site, Place place)
    {
        switch (_random.Next(20))
        {
            case < 9:
                Write(site);
                break;
            case < 12 when Swarm.Strangers:
                Stranger(site);
                break;
            case < 13 when Swarm.DyingWriters:
                DyingWriter(site);
                break;
            case < 14 when Swarm.Crashes && _random.Next(3) == 0:
                Die(site);
                break;
            case < 18 when place == Place.InStore:
                Capture(site);
                break;
            case < 20 when place == Place.InStore:
                Work(site);
                break;
        }
    }

    public void Write(Site site)
    {
        var (what, committed) = site.App.Act();
        site.Look();
        Say($"{what}{(committed ? "" : ", not committed")}: state {site.Current.Number}");
    }

    private void Stranger(Site site)
    {
        Say($"stranger: {site.App.Checkpoint()}");
        site.Look();
    }

    public void Capture(Site site)
    {
        if (site.Engine is { MayCapture: true } engine)
        {
            engine.Capture();
            Say($"captured up to {Short(engine.Replicator.Shadow.Head?.Position ?? default)}{Trouble(engine)}");
            Tally.Captures++;
        }
    }

    private void Work(Site site)
    {
        var number = _random.Next(Replicas.Count);
        if (site.Engine is { } engine && engine.MayWork(number))
        {
            Say($"replica {number} works");
            engine.Work(number);
            Tally.WorkerPasses++;
        }
    }

    private void GoBy(Site site)
    {
        var number = _random.Next(Replicas.Count);
        Time.Advance(TimeSpan.FromHours(_random.Next(1, 15)));
        Say($"hours go by; upkeep of replica {number}");
        site.Engine!.Upkeep(number);
    }

    private void Snapshot(Site site)
    {
        var number = _random.Next(Replicas.Count);
        Say($"a snapshot for replica {number}");
        site.Engine!.Snapshot(number);
    }

    public void Start(Site site)
    {
        Say("the engine starts");
        site.Engine = new SimulatedEngine(this, site);
        site.Engine.Open();
        Say($"started at {Short(site.Engine.Replicator.Shadow.Head?.Position ?? default)}{Trouble(site.Engine)}");
        Tally.Starts++;
    }

    private void Stop(Site site)
    {
        var handOver = _random.Next(3) == 0;
        Say(handOver ? "the engine hands over" : "the engine stops");
        site.Engine!.Stop(releaseMark: !handOver);
        site.Engine = null;
        if (handOver)
        {
            Start(site);
        }
    }

    /// <summary>The process dies, or the machine does; what is on the disk at this moment is what the next one finds.</summary>
    private void Die(Site site)
    {
        var cut = Swarm.PowerCuts && _random.Next(2) == 0;
        Say(cut ? "the power is cut" : "the process is killed");
        site.Engine!.IsDead = true;
        site.Successor = site.Fork(_lastSite++, Swarm, _random, cut ? _random : null);
        Tally.Deaths++;
    }

    /// <summary>Puts those who go on in the place of those who died.</summary>
    private void Bury()
    {
        for (var i = 0; i < _sites.Count; i++)
        {
            if (_sites[i] is { Successor: { } successor } dead)
            {
                dead.Dispose();
                _sites[i] = successor;
                successor.Look();
                Say($"the database is opened again: state {successor.Current.Number}");
            }
        }
    }

    private void ChangeFaults()
    {
        var replica = Replicas[_random.Next(Replicas.Count)];
        Say($"replica {replica.Number} {replica.Change(_random)}");
    }

    /// <summary>
    /// A writer of another process is killed when its frames are in the WAL and before it has published them: nobody sees
    /// them, and the next writer overwrites them. They are made on a copy, by SQLite itself.
    /// </summary>
    private void DyingWriter(Site site)
    {
        site.Reader.Begin();
        var known = site.Reader.Index.TryRead(out var header);
        site.Reader.End();
        if (!known || header.MaxFrame == 0)
        {
            return;
        }

        using var copy = site.Volume.Copy(site.Reader, cut: null);
        var wal = copy.DatabasePath + "-wal";
        var end = WalFormat.EndOfFrame(header.MaxFrame, header.PageSize);
        using (var file = File.OpenHandle(wal, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.SetLength(file, end);
        }

        using var writer = new AppConnection(copy.DatabasePath);
        writer.TryExecute("PRAGMA wal_autocheckpoint=0");
        if (!writer.TryCommit(site.App.Changes(_random.Next(1, 4), 300)))
        {
            return;
        }

        var content = File.ReadAllBytes(wal);
        using var live = File.OpenHandle(
            site.Volume.DatabasePath + "-wal", FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.Write(live, content.AsSpan((int)end), end);
        Say($"a writer died behind frame {header.MaxFrame}");
    }

    /// <summary>After a pass an application that checkpoints gets its frames into the database.</summary>
    private void DemandGoodGuest(Site site)
    {
        _quiet = true;
        try
        {
            Capture(site);
            if (site.Engine!.Replicator.State == ReplicationState.Replicating
                && site.App.CheckpointPassive() is ( > 0, 0) found)
            {
                throw new SimulationException($"The application's checkpoint moves none of {found.Frames} frames: the engine is in its way.");
            }

            site.Look();
        }
        finally
        {
            _quiet = false;
        }
    }

    /// <summary>The faults stop; then the lag has to go to zero, by itself.</summary>
    public void Settle()
    {
        const int Rounds = 12;
        _quiet = true;
        foreach (var replica in Replicas)
        {
            replica.Mend();
            replica.Store.ClockSkew = TimeSpan.Zero;
        }

        foreach (var site in _sites.Where(site => site.Engine is null))
        {
            Start(site);
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var site in _sites)
            {
                Time.Advance(TimeSpan.FromMinutes(2));
                Capture(site);
                for (var number = 0; number < Replicas.Count; number++)
                {
                    site.Engine!.Work(number);
                }
            }

            if (_sites.TrueForAll(site => site.Engine!.IsCaughtUp))
            {
                // What a worker has found may ask for a new generation, which the next pass of the capture begins.
                _sites.ForEach(Capture);
                if (_sites.TrueForAll(site => site.Engine!.IsCaughtUp))
                {
                    return;
                }
            }
        }

        throw new SimulationException("The faults have stopped and the lag does not go to zero: " + string.Join("; ", _sites.Select(site =>
            $"{site.Engine!.Replicator.GetStatus()} " + string.Join(", ", site.Engine.Workers.Select(worker => worker.GetStatus())))));
    }

    /// <summary>Nothing changes: then nothing is asked of any store, however much time goes by between the checks of the upkeep.</summary>
    public void DemandIdle()
    {
        const int Rounds = 5;
        var before = Replicas.Sum(replica => replica.Traffic.Total);
        for (var round = 0; round < Rounds; round++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            foreach (var site in _sites)
            {
                Capture(site);
                for (var number = 0; number < Replicas.Count; number++)
                {
                    site.Engine!.Work(number);
                }
            }
        }

        if (Replicas.Sum(replica => replica.Traffic.Total) - before is > 0 and var requests)
        {
            throw new SimulationException($"Nothing happens, and the stores are asked {requests} times in {Rounds} passes.");
        }
    }

    private static string Trouble(SimulatedEngine engine) =>
        engine.Replicator.GetStatus() is { State: not ReplicationState.Replicating } status ? $" ({status.State}: {status.LastError})" : "";
}
