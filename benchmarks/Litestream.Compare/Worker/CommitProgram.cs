using System.Diagnostics;
using Microsoft.Extensions.Hosting;

namespace Litestream.Compare.Worker;

/// <summary>The application: one writer, one row of 500 bytes a commit; begins when it is told to.</summary>
internal static class CommitProgram
{
    // Microsoft.Data.Sqlite waits 150 ms when the database is busy and says nothing: then a commit took at least so long.
    private const double StallMilliseconds = 100;

    // An application has been running for a while: what the compiler does in its first seconds is not the replication's cost.
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(4);

    // Nor is it that a WAL is slow while it becomes as long as it will ever be: every fsync has its new length to write.
    private static readonly TimeSpan GrowthTime = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(CommitOptions options)
    {
        using var host = options.Replica is null ? null : ReplicatingHost.Build([(options.Database, options.Replica)], options.Interval);
        if (host is not null)
        {
            await host.StartAsync();
            await ReplicatingHost.First(host).SyncAsync();
        }

        using (var committer = Create(options, host))
        {
            WarmUp(committer, options);
            Console.WriteLine("ready");
            await Console.In.ReadLineAsync();
            Console.WriteLine(Commit(committer, options).ToLine());
            await Console.In.ReadLineAsync();
        }

        if (host is not null)
        {
            await host.StopAsync();
        }
    }

    private static void WarmUp(ICommitter committer, CommitOptions options)
    {
        var dry = options.Seconds < 1;
        var warm = dry ? TimeSpan.FromMilliseconds(50) : WarmUpTime;
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < warm;)
        {
            committer.Commit();
            Thread.Sleep(1);
        }

        for (var started = Stopwatch.GetTimestamp(); !dry && options.PerSecond == 0 && Stopwatch.GetElapsedTime(started) < GrowthTime;)
        {
            committer.Commit();
        }
    }

    private static ICommitter Create(CommitOptions options, IHost? host) => options.Api switch
    {
        CommitApi.Raw => new RawCommitter(options.Database),
        CommitApi.Sqlite => new SqliteCommitter(options.Database, options.UseLitestream ? ReplicatingHost.First(host!) : null),
        _ => new EntityFrameworkCommitter(options.Database),
    };

    private static CommitSummary Commit(ICommitter committer, CommitOptions options)
    {
        var duration = TimeSpan.FromSeconds(options.Seconds);
        var latencies = new List<long>(200_000);
        using var end = options.Log is null ? null : new WalEnd(options.Database);
        using var log = options.Log is null ? null : new BufferedStream(File.Create(options.Log), 1 << 20);
        Span<byte> entry = stackalloc byte[CommittedAt.Size];
        var stalls = 0;
        var processor = Process.GetCurrentProcess().TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        for (var i = 1L; Stopwatch.GetElapsedTime(started) < duration; i++)
        {
            var before = Stopwatch.GetTimestamp();
            var busy = committer.Commit();
            var now = Stopwatch.GetTimestamp();
            latencies.Add(now - before);
            stalls += busy > 0 || (now - before) * 1000.0 / Stopwatch.Frequency >= StallMilliseconds ? 1 : 0;
            if (log is not null)
            {
                end!.Read(now).Write(entry);
                log.Write(entry);
            }

            if (options.PerSecond > 0 && TimeSpan.FromSeconds((double)i / options.PerSecond) - Stopwatch.GetElapsedTime(started) is { Ticks: > 5000 } due)
            {
                Thread.Sleep(Math.Max(1, (int)due.TotalMilliseconds));
            }
        }

        var took = Stopwatch.GetElapsedTime(started);
        var cost = Process.GetCurrentProcess().TotalProcessorTime - processor;
        latencies.Sort();
        return new CommitSummary(
            latencies.Count, took.TotalSeconds, At(latencies, 0.5), At(latencies, 0.99), At(latencies, 0.999), At(latencies, 1), stalls, cost.TotalSeconds);
    }

    private static double At(List<long> sorted, double fraction) =>
        sorted[Math.Max(0, (int)Math.Ceiling(fraction * sorted.Count) - 1)] * 1000.0 / Stopwatch.Frequency;
}
