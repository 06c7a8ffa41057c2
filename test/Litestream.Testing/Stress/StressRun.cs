using System.Diagnostics;
using Litestream.Shadow;
using Litestream.Testing.Capture;

namespace Litestream.Testing.Stress;

/// <summary>
/// Everything at once on one database: writers in this process, writers that are killed, a foreign SQLite that checkpoints
/// and vacuums, and the capture, which is stopped, killed and handed over at random. At every comparison the shadow is
/// byte by byte what a reader sees who stands at exactly that position.
/// </summary>
/// <remarks>What is chosen comes from the seed; how the threads and processes interleave does not.</remarks>
public sealed class StressRun(StressOptions options)
{
    private static readonly int[] PageSizes = [512, 1024, 1024, 4096, 4096, 4096, 8192, 65536];

    private readonly Random _random = new(options.Seed);
    private readonly StressReport _report = new();
    private bool _mayReset;
    private int _reasonsSeen;

    /// <summary>Runs, and never throws for what it finds: that is in the report.</summary>
    public async Task<StressReport> RunAsync()
    {
        using var folder = new TempDirectory();
        var path = folder.File("app.db");
        var pageSize = PageSizes[_random.Next(PageSizes.Length)];
        using (StressWriter.Open(path, pageSize, "", autoVacuum: _random.Next(3)))
        {
        }

        using var stop = new CancellationTokenSource();
        var foreign = new ForeignSqlite(path, folder, new Random(_random.Next()), pageSize, options.Writer);
        var killer = new ForeignSqlite(path, folder, new Random(_random.Next()), pageSize, options.Writer);
        var writers = new[] { TimeSpan.Zero, TimeSpan.FromMilliseconds(40) }
            .Select(pause => (Seed: _random.Next(), Pause: pause))
            .Select(writer => Task.Factory.StartNew(
                () => StressWriter.Run(path, writer.Seed, pageSize, writer.Pause, stop.Token),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default))
            .ToArray();
        var strangers = SqliteShell.IsAvailable ? new[] { foreign.RunAsync(stop.Token), killer.KillAsync(stop.Token) } : [];
        try
        {
            await Task.Factory.StartNew(() => Capture(path), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            _report.Failure = exception.ToString();
            _report.IsMismatch = exception is ImageMismatchException;
        }

        await stop.CancelAsync();
        try
        {
            await Task.WhenAll(strangers);
            _report.Written = (await Task.WhenAll(writers)).Sum();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            _report.Failure ??= exception.ToString();
        }

        _report.Kills = killer.Kills;
        _report.ForeignRuns = foreign.Runs;
        return _report;
    }

    private static void Count<T>(Dictionary<T, int> counts, T key)
        where T : notnull =>
        counts[key] = counts.GetValueOrDefault(key) + 1;

    private void Capture(string path)
    {
        var settings = new WalSyncSettings
        {
            MinCheckpointPages = (uint)_random.Next(4, 40),
            MaxCheckpointPages = (uint)_random.Next(60, 300),
            CheckpointInterval = _random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(_random.Next(20, 500)),
            ReleaseBeforeCheckpoint = options.ReleaseBeforeCheckpoint,
            Pause = Pause,
        };
        using var fixture = new CaptureFixture(path, settings);
        _mayReset = true;
        fixture.Start();
        NoteGenerations(fixture);
        var elapsed = Stopwatch.StartNew();
        try
        {
            while (elapsed.Elapsed < options.Duration)
            {
                Turn(fixture, path);
            }

            Compare(fixture, path);
        }
        finally
        {
            _report.Frames = fixture.Image.Frames;
            _report.Commits = fixture.Image.Commits;
            _report.WalRestarts = fixture.Image.Restarts;
        }
    }

    private void Turn(CaptureFixture fixture, string path)
    {
        try
        {
            switch (_random.Next(1000))
            {
                case < 12:
                    Restart(fixture);
                    break;
                case < 40:
                    fixture.Rebase();
                    _report.Rebases++;
                    break;
                case < 300:
                    Compare(fixture, path);
                    break;
                case < 330:
                    Thread.Sleep(_random.Next(30));
                    break;
                default:
                    Pass(fixture.RunOnce());
                    break;
            }

            NoteGenerations(fixture);
            Prune(fixture);
        }
        catch (LitestreamException failure) when (failure.IsTransient)
        {
            // A lock of somebody else; a writer that was put to sleep, or killed, while it published a commit.
            _report.Refusals++;
            if (!fixture.Sync.HoldsMark)
            {
                throw new InvalidOperationException("The mark was lost.", failure);
            }
        }
    }

    /// <summary>What the scheduler does to a thread now and then, oftener.</summary>
    private void Pause()
    {
        switch (_random.Next(20))
        {
            case < 2:
                Thread.Sleep(_random.Next(1, 5));
                break;
            case < 5:
                Thread.Yield();
                break;
        }
    }

    private void Compare(CaptureFixture fixture, string path)
    {
        using var reader = new DatabaseReader(path);
        if (fixture.Compare(reader) is { } pass)
        {
            Pass(pass);
            _report.Compared++;
        }
    }

    private void Pass(WalPass pass)
    {
        _report.Passes++;
        if (pass.Checkpoint is { } outcome)
        {
            Count(_report.Checkpoints, outcome);
        }
    }

    /// <summary>The capture ends in one of the ways in which it may, and comes back.</summary>
    private void Restart(CaptureFixture fixture)
    {
        var way = _random.Next(4);
        if (way == 0)
        {
            Count(_report.Restarts, "handed over");
            fixture.HandOver();
            return;
        }

        if (way == 1)
        {
            Count(_report.Restarts, "stopped");
            fixture.Stop();
        }
        else
        {
            Count(_report.Restarts, way == 2 ? "killed" : "killed, tail torn");
            var last = fixture.Shadow.Last.Path;
            fixture.Kill();
            if (way == 3 && File.Exists(last))
            {
                Tear(last);
            }
        }

        if (_random.Next(2) == 0)
        {
            Thread.Sleep(_random.Next(20));
        }

        _mayReset = true;
        while (!fixture.IsOpen)
        {
            try
            {
                fixture.Start();
            }
            catch (LitestreamException failure) when (failure.IsTransient)
            {
                _report.Refusals++;
                fixture.Kill();
            }
        }
    }

    /// <summary>What a power cut leaves of a file that was not synced: a part of it, or something else at its end.</summary>
    private void Tear(string file)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
        var length = RandomAccess.GetLength(handle);
        RandomAccess.SetLength(handle, _random.NextInt64(length + 1));
        if (_random.Next(2) == 0)
        {
            var garbage = new byte[_random.Next(3000)];
            _random.NextBytes(garbage);
            RandomAccess.Write(handle, garbage, RandomAccess.GetLength(handle));
        }
    }

    /// <summary>A generation may start only for the reasons that the run gave cause for.</summary>
    private void NoteGenerations(CaptureFixture fixture)
    {
        foreach (var reason in fixture.Reasons.Skip(_reasonsSeen))
        {
            Count(_report.Generations, reason);
            var expected = _reasonsSeen == 0
                ? reason == GenerationReason.NoneYet
                : reason == GenerationReason.WalResetWhileAway && _mayReset;
            _reasonsSeen++;
            if (!expected)
            {
                throw new InvalidOperationException($"Generation {_reasonsSeen} started for no reason that this run gave: {reason}.");
            }
        }

        _mayReset = false;
    }

    /// <summary>Removes what has been replayed, as workers do with what they have uploaded.</summary>
    private static void Prune(CaptureFixture fixture)
    {
        foreach (var generation in fixture.Shadow.Generations.Where(generation => generation != fixture.Generation).ToArray())
        {
            fixture.Shadow.RemoveGeneration(generation);
        }

        foreach (var index in fixture.Shadow.Indexes(fixture.Generation).Where(index => index < fixture.Image.Position.Index - 1).ToArray())
        {
            fixture.Shadow.Remove(fixture.Generation, index);
        }
    }
}
