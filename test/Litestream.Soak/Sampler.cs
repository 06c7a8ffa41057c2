using System.Diagnostics;

namespace Litestream.Soak;

/// <summary>Looks at the process, the files and the replicas again and again, and holds what it sees against its bounds.</summary>
internal sealed class Sampler : IAsyncDisposable
{
    private const double MaxCheckpointPages = 10_000;
    private const double MiB = 1 << 20;

    private static readonly TimeSpan LongestLag = TimeSpan.FromMinutes(1);

    private readonly IReadOnlyList<(SoakDatabase Database, ILitestreamDatabase Replicated)> _databases;
    private readonly List<ReplicaWatch> _replicas = [];
    private readonly Dictionary<SoakDatabase, WindowedSum> _wal = [];
    private readonly SoakPace _pace;
    private readonly PhaseClock _clock;
    private readonly Instruments _instruments;
    private readonly SoakTally _tally;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Lock _lock = new();
    private readonly Bound _handles = new("open files and sockets", Unit.Count);
    private readonly Bound _threads = new("threads", Unit.Count);
    private readonly Bound _memory = new("resident memory", Unit.Bytes);
    private readonly Bound _walBound = new("a WAL file, against all that was written while no WAL could start over", Unit.Bytes);
    private readonly Bound _shadowBound = new("a shadow WAL, against twice that", Unit.Bytes);
    private readonly Bound _spoolBound = new("spool and verification files of a database, against two copies for each replica", Unit.Bytes);
    private readonly Bound _lagBound = new("lag", Unit.Seconds);
    private SeriesOfCycle _series = new();

    public Sampler(
        SoakPace pace, IReadOnlyList<(SoakDatabase Database, ILitestreamDatabase Replicated)> databases, PhaseClock clock, Instruments instruments, SoakTally tally)
    {
        (_pace, _databases, _clock, _instruments, _tally) = (pace, databases, clock, instruments, tally);
        foreach (var (database, _) in databases)
        {
            _wal[database] = new WindowedSum(pace.LongestStandstill);
            _replicas.AddRange(database.Replicas.Select(replica => new ReplicaWatch(database, replica.Name, replica.Url, pace, instruments)));
        }
    }

    public IEnumerable<Finding> Findings =>
    [
        _memory.Finding, _handles.Finding, _threads.Finding, _walBound.Finding, _shadowBound.Finding, _spoolBound.Finding, _lagBound.Finding,
        .. _replicas.SelectMany(replica => replica.Findings),
    ];

    public void Add(Measure measure, double value)
    {
        lock (_lock)
        {
            _series.Add(measure, _clock.Current.Phase, value);
        }
    }

    public CycleSummary EndCycle()
    {
        lock (_lock)
        {
            var summary = _series.Summarize();
            _series = new SeriesOfCycle();
            return summary;
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_pace.SampleInterval);
        var listed = _pace.ListInterval;
        var sinceListed = Stopwatch.StartNew();
        while (await timer.WaitForNextTickAsync(cancellationToken).AsTask().ContinueWith(tick => tick.IsCompletedSuccessfully && tick.Result, TaskScheduler.Default))
        {
            try
            {
                Sample();
                if (sinceListed.Elapsed >= listed)
                {
                    sinceListed.Restart();
                    await ListAsync();
                }
            }
            catch (Exception e)
            {
                _tally.Fail($"the measuring itself: {e}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
        {
            await replica.DisposeAsync();
        }
    }

    private void Sample()
    {
        var (memory, handles, threads) = (Environment.WorkingSet, ProcessFiles.Handles(), ProcessFiles.Threads());
        Add(Measure.ResidentMemory, memory);
        Add(Measure.Handles, handles);
        Add(Measure.Threads, threads);
        _memory.Check(memory, 1024 * MiB);
        _handles.Check(handles, 400);
        _threads.Check(threads, 150);

        var (wals, shadows, spools, databases, lag) = (0L, 0L, 0L, 0L, TimeSpan.Zero);
        foreach (var (database, replicated) in _databases)
        {
            var written = _wal[database];
            written.Add(_watch.Elapsed, _instruments.WalCopied(database.Name));
            var wal = ProcessFiles.Size(database.Path + "-wal");
            var (shadow, spool) = (ProcessFiles.FolderSize(Path.Combine(database.MetaPath, "generations")), Spool(database));
            var size = ProcessFiles.Size(database.Path);
            var allowed = written.Most + (MaxCheckpointPages * (database.PageSize + 24));
            _walBound.Check(wal, allowed);
            _shadowBound.Check(shadow, 2 * allowed);

            // What is copied includes what is only in the WAL yet.
            _spoolBound.Check(spool, (2 * database.Replicas.Count * 1.01 * (size + wal)) + (4 * MiB));
            var status = replicated.GetStatus();
            var itsLag = status.Replicas.Max(replica => replica.Lag);
            _lagBound.Check(itsLag.TotalSeconds, (_pace.SyncInterval + LongestLag).TotalSeconds);
            foreach (var faulted in status.Replicas.Where(replica => replica.State == ReplicationState.Faulted))
            {
                _tally.Fail($"{database.Name}/{faulted.Name}: {faulted.LastError}");
            }

            (wals, shadows, spools, databases) = (wals + wal, shadows + shadow, spools + spool, databases + size);
            lag = itsLag > lag ? itsLag : lag;
        }

        Add(Measure.Wal, wals);
        Add(Measure.Shadow, shadows);
        Add(Measure.Spool, spools);
        Add(Measure.Databases, databases);
        Add(Measure.Lag, lag.TotalSeconds);
    }

    /// <summary>All of the meta directory that is not the shadow.</summary>
    public static long Spool(SoakDatabase database) =>
        ProcessFiles.FolderSize(database.MetaPath) - ProcessFiles.FolderSize(Path.Combine(database.MetaPath, "generations"));

    private async Task ListAsync()
    {
        var (objects, bytes) = (0, 0L);
        foreach (var replica in _replicas)
        {
            var found = await replica.ListAsync(_watch.Elapsed);
            (objects, bytes) = (objects + found.Objects, bytes + found.Bytes);
        }

        Add(Measure.Objects, objects);
        Add(Measure.ReplicaBytes, bytes);
    }
}
