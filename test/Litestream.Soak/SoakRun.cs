using System.Diagnostics;
using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.Soak;

/// <summary>One run, from an empty folder to the last comparison.</summary>
internal sealed class SoakRun(SoakOptions options)
{
    private static readonly TimeSpan LongestQuiet = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);

    private readonly SoakPace _pace = new(options.Duration);
    private readonly SoakTally _tally = new();
    private readonly PhaseClock _clock = new();
    private readonly List<Finding> _findings = [];
    private readonly Dictionary<Phase, (TimeSpan Processor, TimeSpan Elapsed)> _processor = [];
    private readonly List<double> _loadAverages = [];

    public static async Task<SoakResult> RunAsync(SoakOptions options)
    {
        using var folder = options.Folder is null ? new TempDirectory() : new TempDirectory(Directory.CreateDirectory(options.Folder).FullName);
        return await new SoakRun(options).RunAsync(folder);
    }

    private async Task<SoakResult> RunAsync(TempDirectory folder)
    {
        var took = Stopwatch.StartNew();
        var databases = SoakDatabases.In(folder);
        using var instruments = new Instruments();
        using var logs = new LogCounts();
        var cycles = new List<CycleSummary>();
        try
        {
            using (var host = Build(databases, logs, folder))
            {
                databases.ToList().ForEach(database => database.Create());
                await host.StartAsync();
                var all = databases.Select(database => (database, host.Services.GetRequiredKeyedService<ILitestreamDatabase>(database.Name))).ToList();
                await using var sampler = new Sampler(_pace, all, _clock, instruments, _tally);
                await LiveAsync(all, sampler, cycles, folder);
                await host.StopAsync();
                _findings.AddRange(sampler.Findings);
            }

            await JudgeTheEndAsync(databases, folder);
            _findings.AddRange(databases.Select(database => new Finding(
                $"generations of {database.Name}", Words.Of(instruments.Generations(database.Name), Unit.Count), "1", instruments.Generations(database.Name) == 1)));
            Judge("verifications that found a difference or could not be done", instruments.Times("litestream.verification.duration", failed: true), 0);
            Judge("calls to stores that failed", instruments.Times("litestream.replica.operation.duration", failed: true), 0);
            Judge("commits of the application that gave up waiting for a lock", _tally.Refused, 0);
            Judge("errors in the log", logs.AtLeast(LogLevel.Error).Sum(one => one.Count), 0);
            JudgeTrends(cycles);
            return new SoakResult
            {
                Options = options,
                Pace = _pace,
                Databases = databases,
                Tally = _tally,
                Cycles = cycles,
                Findings = _findings,
                Processor = _processor.ToDictionary(one => one.Key, one => one.Value.Processor / one.Value.Elapsed),
                Did = WhatWasDone(instruments),
                Logged = [.. logs.AtLeast(LogLevel.Warning).Select(one => $"{one.Level} `{one.Event}`, {one.Count} times, the first: {one.First}")],
                LoadAverage = _loadAverages.Count == 0 ? null : (_loadAverages.Min(), _loadAverages.Max()),
                Took = took.Elapsed,
            };
        }
        finally
        {
            await SoakDatabases.CleanAsync(databases);
        }
    }

    private IHost Build(IReadOnlyList<SoakDatabase> databases, LogCounts logs, TempDirectory folder)
    {
        // Without the defaults: a watcher of configuration files would watch whatever folder this is run in, and grow with it.
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = folder.Path });
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(logs);

        // A signal ends the run; the usual lifetime would only ask the host to stop.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var litestream = builder.Services.AddLitestream(host =>
        {
            // So that nothing holds the databases when they are compared at the end.
            host.ReleaseOnStop = true;
            foreach (var database in databases)
            {
                host.AddDatabase(database.Name, one =>
                {
                    one.Path = database.Path;
                    one.CheckpointInterval = _pace.CheckpointInterval;
                    foreach (var (name, url) in database.Replicas)
                    {
                        one.Replicas[name] = new ReplicaOptions
                        {
                            Url = url,
                            SyncInterval = _pace.SyncInterval,
                            SnapshotInterval = _pace.SnapshotInterval,
                            Retention = _pace.Retention,
                            RetentionCheckInterval = _pace.RetentionCheckInterval,
                            ReplicaCheckInterval = _pace.ReplicaCheckInterval,
                            VerificationInterval = _pace.VerificationInterval,
                        };
                    }
                });
            }
        });
        if (RealServer.Endpoint is not null)
        {
            litestream.AddS3(s3 =>
            {
                var real = RealServer.Options();
                (s3.Endpoint, s3.Region, s3.AccessKeyId, s3.SecretAccessKey) = (real.Endpoint, real.Region, real.AccessKeyId, real.SecretAccessKey);
            });
        }

        return builder.Build();
    }

    private async Task LiveAsync(
        List<(SoakDatabase Database, ILitestreamDatabase Replicated)> databases, Sampler sampler, List<CycleSummary> cycles, TempDirectory folder)
    {
        using var end = new CancellationTokenSource();
        List<Task> running =
        [
            sampler.RunAsync(end.Token),
            .. databases.Select((one, i) => Task.Run(() => new AppLoad(one.Database, one.Replicated, _clock, _tally, options.Seed + (1000 * i)).RunAsync(end.Token))),
        ];
        var strangers = new Strangers([.. databases.Select(one => one.Database)], _pace, _tally, options.Seed);
        for (var cycle = 0; cycle < _pace.Cycles; cycle++)
        {
            await MeasureAsync(Phase.Low, cycle, PauseAsync);
            await MeasureAsync(Phase.Burst, cycle, PauseAsync);
            await MeasureAsync(Phase.LeakedReader, cycle, async length =>
            {
                using var readers = new LeakedReaders(databases.Select(one => one.Database));
                await PauseAsync(length);
            });
            await MeasureAsync(Phase.Strangers, cycle, async length =>
            {
                using var stop = new CancellationTokenSource();
                var visits = Task.Run(() => strangers.RunAsync(stop.Token));
                await PauseAsync(length);
                await stop.CancelAsync();
                await visits;
            });
            await MeasureAsync(Phase.Idle, cycle, PauseAsync);
            await JudgeRestAsync(databases);
            sampler.Add(Measure.LiveHeap, ProcessFiles.LiveHeap());
            await MeasureAsync(Phase.Restore, cycle, _ => CompareAsync(databases, cycle, folder));
            cycles.Add(sampler.EndCycle());
            Console.WriteLine($"cycle {cycle + 1} of {_pace.Cycles}: {string.Join(", ", Measure.All.Where(cycles[^1].Values.ContainsKey).Select(measure => $"{measure.Name} {Words.Of(cycles[^1].Values[measure], measure.Unit)}"))}");
        }

        await end.CancelAsync();
        await Task.WhenAll(running);
    }

    private static Task PauseAsync(TimeSpan length) => Task.Delay(length);

    private async Task MeasureAsync(Phase phase, int cycle, Func<TimeSpan, Task> live)
    {
        _clock.Begin(phase, cycle);
        if (phase == Phase.Idle)
        {
            await _clock.QuietAsync(LongestQuiet);
        }

        var (processor, watch) = (Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
        await live(_pace.Of(phase));
        var before = _processor.GetValueOrDefault(phase);
        _processor[phase] = (before.Processor + Environment.CpuUsage.TotalTime - processor, before.Elapsed + watch.Elapsed);
        if (ProcessFiles.LoadAverage() is { } load)
        {
            _loadAverages.Add(load);
        }
    }

    /// <summary>After a time without load nobody may lag; on a busy machine that takes as long as it takes.</summary>
    private async Task JudgeRestAsync(List<(SoakDatabase Database, ILitestreamDatabase Replicated)> databases)
    {
        var waiting = Stopwatch.StartNew();
        foreach (var (database, replicated) in databases)
        {
            while (replicated.GetStatus().Replicas.FirstOrDefault(replica => replica.Lag > TimeSpan.Zero) is { } lagging)
            {
                if (waiting.Elapsed > LongestRest)
                {
                    _tally.Fail($"{database.Name}/{lagging.Name} still lags by {lagging.Lag} after {_pace.Of(Phase.Idle) + waiting.Elapsed} without load.");
                    break;
                }

                await Task.Delay(20);
            }
        }
    }

    private async Task CompareAsync(List<(SoakDatabase Database, ILitestreamDatabase Replicated)> databases, int cycle, TempDirectory folder)
    {
        foreach (var (database, replicated) in databases)
        {
            var replica = database.Replicas[cycle % database.Replicas.Count].Name;
            Note(await Comparison.WithLiveAsync(database, replicated, replica, folder));
        }
    }

    private async Task JudgeTheEndAsync(IReadOnlyList<SoakDatabase> databases, TempDirectory folder)
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        foreach (var database in databases)
        {
            foreach (var (name, url) in database.Replicas)
            {
                Note(await Comparison.WithStoppedAsync(database, name, url, folder));
            }
        }

        Judge("bytes in the spools after the stop", databases.Sum(database => ProcessFiles.FolderSize(Path.Combine(database.MetaPath, "spool"))), 0);
    }

    private void Note(string? difference)
    {
        if (difference is null)
        {
            _tally.Compared();
        }
        else
        {
            _tally.Fail(difference);
        }
    }

    private void Judge(string what, double value, double most) =>
        _findings.Add(new Finding(what, Words.Of(value, Unit.Count), Words.Of(most, Unit.Count), value <= most));

    private void JudgeTrends(List<CycleSummary> cycles)
    {
        if (!_pace.JudgesTrends)
        {
            return;
        }

        foreach (var measure in Measure.All)
        {
            var values = cycles.Skip(_pace.WarmUp).Where(cycle => cycle.Values.ContainsKey(measure)).Select(cycle => cycle.Values[measure]).ToList();
            var trend = Trend.Of(values);
            var allowed = measure.Allowed(SeriesOfCycle.Median(values));
            _findings.Add(new Finding(
                $"growth of {measure.Name} over {values.Count} cycles",
                $"{Words.Of(trend.Growth, measure.Unit)} (by chance: {trend.Chance:0.00})",
                Words.Of(allowed, measure.Unit),
                !trend.Exceeds(allowed)));
        }
    }

    private List<string> WhatWasDone(Instruments instruments) =>
    [
        $"{instruments.Times("litestream.replica.operation.duration", operation: "write")} objects written, {instruments.Times("litestream.replica.operation.duration", operation: "delete")} deletions, {instruments.Times("litestream.replica.operation.duration", operation: "list")} listings",
        $"{instruments.Times("litestream.snapshot.duration")} snapshots, {instruments.Times("litestream.verification.duration")} verifications, {instruments.Times("litestream.checkpoint.duration")} checkpoints, the longest write lock {Words.Of(TimeSpan.FromSeconds(instruments.Longest("litestream.checkpoint.lock.duration")))}",
        $"{_tally.Comparisons} replicas restored elsewhere and found equal to the database",
        $"the sqlite3 command line: {string.Join(", ", _tally.Strangers.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key} {one.Value}"))}",
    ];
}
