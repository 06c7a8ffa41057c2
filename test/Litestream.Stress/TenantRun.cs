using System.Diagnostics;
using System.Globalization;
using Litestream.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.Stress;

/// <summary>
/// Many databases in one host: how long they take to be added, what they hold while they are idle, what the active ones
/// among them cost, and what is left when they have come and gone.
/// </summary>
internal sealed class TenantRun(TenantOptions options, string folder)
{
    private readonly List<string> _failures = [];

    public static async Task<int> RunAsync(TenantOptions options)
    {
        if (options.Folder is { } given)
        {
            Directory.CreateDirectory(given);
            return await new TenantRun(options, given).RunAsync();
        }

        using var folder = new TempDirectory();
        return await new TenantRun(options, folder.Path).RunAsync();
    }

    private async Task<int> RunAsync()
    {
        Console.WriteLine($"{options.Count} databases, {options.Active} of them active");
        var made = Stopwatch.StartNew();
        for (var i = 0; i < options.Count; i++)
        {
            CreateDatabase(i);
        }

        SqliteConnection.ClearAllPools();
        Console.WriteLine($"made in {made.Elapsed.TotalSeconds:0.0} s");
        await HostAsync("first start", async litestream =>
        {
            await IdleAsync("idle");
            await ActiveAsync(litestream);
            await ChurnAsync(litestream);
        });
        await HostAsync("second start", _ => IdleAsync("idle"));
        _failures.ForEach(failure => Console.WriteLine($"FAILED: {failure}"));
        return _failures.Count == 0 ? 0 : 1;
    }

    private async Task HostAsync(string what, Func<ILitestream, Task> run)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = folder });
        builder.Services.AddLitestream(o => o.ReleaseOnStop = true);
        using var host = builder.Build();
        var before = Usage.Now(collect: true);
        await host.StartAsync();
        var litestream = host.Services.GetRequiredService<ILitestream>();
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, options.Count),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (i, token) => await litestream.AddDatabaseAsync(NameOf(i), OptionsOf(i), token));
        Console.WriteLine($"{what}: all added after {clock.Elapsed.TotalSeconds:0.00} s; {Usage.Now()}");
        await litestream.SyncAsync();
        var after = Usage.Now();
        Console.WriteLine($"{what}: all replicated after {clock.Elapsed.TotalSeconds:0.00} s, {(after.Cpu - before.Cpu).TotalSeconds:0.00} s of CPU; {after}");
        await Task.Delay(TimeSpan.FromSeconds(6));
        var settled = Usage.Now(collect: true);
        Console.WriteLine(
            $"{what}: of each database {(settled.Resident - before.Resident) / 1024.0 / options.Count:0} KiB of RSS, {(settled.Managed - before.Managed) / 1024.0 / options.Count:0.0} KiB managed, "
            + $"{(settled.Handles - before.Handles) / (double)options.Count:0.00} handles; {settled}");
        await run(litestream);
        clock.Restart();
        await host.StopAsync();
        Console.WriteLine($"{what}: stopped in {clock.Elapsed.TotalSeconds:0.00} s");
    }

    private async Task IdleAsync(string what)
    {
        var before = Usage.Now();
        await Task.Delay(options.Watched);
        var after = Usage.Now();
        Console.WriteLine(
            $"{what}: {(after.Cpu - before.Cpu) / options.Watched * 100:0.00} % of a core, {(after.Allocated - before.Allocated) / options.Watched.TotalSeconds / 1024:0.0} KiB/s allocated");
    }

    private async Task ActiveAsync(ILitestream litestream)
    {
        using var ended = new CancellationTokenSource();
        var commits = 0;
        var writers = Enumerable.Range(0, options.Active).Select(i => Task.Run(async () =>
        {
            await using var connection = new SqliteConnection(ConnectionString(i));
            await connection.OpenAsync();
            AppDatabase.Execute(connection, "PRAGMA synchronous=NORMAL");
            while (!ended.IsCancellationRequested)
            {
                AppDatabase.Execute(connection, "INSERT INTO t VALUES(randomblob(400))");
                Interlocked.Increment(ref commits);
                await Task.Delay(100);
            }
        })).ToArray();
        await IdleAsync("active, 10 commits/s each");
        await ended.CancelAsync();
        await Task.WhenAll(writers);
        await litestream.SyncAsync();
        var used = Usage.Now(collect: true);
        Console.WriteLine($"active: {commits} commits; {used}");
        if (litestream.Databases.Any(database => database.GetStatus().State != ReplicationState.Replicating))
        {
            _failures.Add("a database is not replicated");
        }
    }

    private async Task ChurnAsync(ILitestream litestream)
    {
        if (options.Churn == 0)
        {
            return;
        }

        const int AtOnce = 4;
        var first = options.Count;
        for (var i = first; i < first + AtOnce; i++)
        {
            CreateDatabase(i);
        }

        SqliteConnection.ClearAllPools();
        await TimesAsync(Math.Max(AtOnce, options.Churn / 10));
        var before = Usage.Now(collect: true);
        Console.WriteLine($"churn: before {before}");
        var clock = Stopwatch.StartNew();
        await TimesAsync(options.Churn);
        var took = clock.Elapsed;
        await Task.Delay(TimeSpan.FromSeconds(1));
        var after = Usage.Now(collect: true);
        Console.WriteLine($"churn: {options.Churn} times added and removed in {took.TotalSeconds:0.0} s; after {after}");
        if (after.Handles > before.Handles + 20)
        {
            _failures.Add($"{after.Handles - before.Handles} handles are left");
        }

        if (after.Managed > before.Managed + (2 << 20) + (options.Churn * 20))
        {
            _failures.Add($"{(after.Managed - before.Managed) >> 10} KiB of managed memory are left");
        }

        if (after.Threads > before.Threads + 20)
        {
            _failures.Add($"{after.Threads - before.Threads} threads are left");
        }

        Task TimesAsync(int times) => Task.WhenAll(Enumerable.Range(first, AtOnce).Select(i => Task.Run(async () =>
        {
            for (var time = 0; time < times / AtOnce; time++)
            {
                await litestream.AddDatabaseAsync(NameOf(i), OptionsOf(i));
                await litestream.RemoveDatabaseAsync(NameOf(i));
            }
        })));
    }

    private void CreateDatabase(int i)
    {
        Directory.CreateDirectory(Path.Combine(folder, NameOf(i)));
        using var connection = new SqliteConnection(ConnectionString(i) + ";Pooling=False");
        connection.Open();
        AppDatabase.Execute(connection, "PRAGMA synchronous=OFF");
        AppDatabase.Execute(connection, "PRAGMA journal_mode=wal");
        AppDatabase.Execute(connection, "CREATE TABLE IF NOT EXISTS t(a)");
        AppDatabase.Execute(connection, "INSERT INTO t VALUES(randomblob(20000))");
    }

    private string ConnectionString(int i) => $"Data Source={Path.Combine(folder, NameOf(i), "app.db")};Default Timeout=60";

    private static string NameOf(int i) => string.Create(CultureInfo.InvariantCulture, $"tenant{i:00000}");

    private static DatabaseOptions OptionsOf(int i)
    {
        var options = new DatabaseOptions { Path = $"{NameOf(i)}/app.db" };
        options.Replicas.Add("file", new ReplicaOptions { Url = $"backups/{NameOf(i)}" });
        return options;
    }
}
