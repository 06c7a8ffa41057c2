using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Litestream.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.TestApp;

/// <summary>
/// An application with a <see cref="Ledger"/> that a test tortures: it restores what is missing, replicates, commits what it
/// is told, and says what has been acknowledged. Every answer ends in " ." so that one that a kill cut off is no answer.
/// </summary>
internal sealed class Bank(string database, string[] options)
{
    private static readonly JsonSerializerOptions s_json = new() { Converters = { new JsonStringEnumConverter() } };

    private readonly Lock _writing = new(); // one writer at a time, as an application's own queue would have it
    private readonly CancellationTokenSource _stopWriting = new();
    private readonly Random _random = new(Number(options, "--seed", 1));
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];
    private readonly List<Task> _clients = [];
    private int _written;

    public async Task<int> RunAsync()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            ContentRootPath = Path.GetDirectoryName(Path.GetFullPath(database)),
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.AddLitestream(litestream => litestream.AddDatabase("bank", Configure)).AddS3();
        builder.Services.AddHealthChecks().AddLitestream(configure: health =>
            health.DegradedAfter = TimeSpan.FromMilliseconds(Number(options, "--degraded-after", 30_000)));
        using var host = builder.Build();
        await host.RestoreLitestreamAsync();
        using (var connection = Open())
        {
            Ledger.Create(connection);
        }

        await host.StartAsync();
        var replicated = host.Services.GetRequiredKeyedService<ILitestreamDatabase>("bank");
        Say("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            try
            {
                await AnswerAsync(line.Split(' '), replicated, host.Services.GetRequiredService<HealthCheckService>());
            }
            catch (Exception exception) when (exception is LitestreamException or SqliteException or IOException)
            {
                Say($"failed {exception.Message}");
            }
        }

        await _stopWriting.CancelAsync();
        await Task.WhenAll(_clients);
        await host.StopAsync();
        return 0;
    }

    private async Task AnswerAsync(string[] words, ILitestreamDatabase replicated, HealthCheckService health)
    {
        switch (words[0])
        {
            case "write":
                _clients.AddRange(Enumerable.Range(0, int.Parse(words[1], CultureInfo.InvariantCulture)).Select(_ => Task.Run(() => WriteAsync(replicated))));
                Say("writing");
                break;
            case "commit":
                var entry = Commit(words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : 1);
                Say($"committed {entry.Id} {entry.Chain}");
                break;
            case "sync":
                var position = await replicated.SyncAsync();
                Say($"synced {position}");
                break;
            case "snapshot":
                await replicated.SnapshotAsync();
                Say("snapshot");
                break;
            case "restore":
                var result = await replicated.RestoreAsync(new RestoreOptions { OutputPath = words[1], IntegrityCheck = IntegrityCheck.None });
                Say($"restored {result.Position}");
                break;
            case "threads":
                StartThreads(int.Parse(words[1], CultureInfo.InvariantCulture));
                Say("threads");
                break;
            case "status":
                var report = await health.CheckHealthAsync();
                Say($"status {report.Status} {JsonSerializer.Serialize(replicated.GetStatus(), s_json)}");
                break;
            default:
                Say($"failed what is '{words[0]}'?");
                break;
        }
    }

    /// <summary>
    /// Gives the pool all the threads that it may ever have. A thread is started through a pipe, so a process without a handle
    /// left that needs one more is ended by the runtime, whatever it was doing (.NET 10: "Out of memory.").
    /// </summary>
    private static void StartThreads(int count)
    {
        ThreadPool.SetMinThreads(count, count);
        ThreadPool.SetMaxThreads(count, count);
        using var all = new CountdownEvent(count - 1); // this one is there
        using var goOn = new ManualResetEventSlim();
        var threads = Enumerable.Range(0, count - 1).Select(_ => Task.Run(() =>
        {
            all.Signal();
            goOn.Wait();
        })).ToArray();
        all.Wait();
        goOn.Set();
        Task.WaitAll(threads);
    }

    /// <summary>A client that goes on only when what it committed is on every replica.</summary>
    private async Task WriteAsync(ILitestreamDatabase replicated)
    {
        while (!_stopWriting.IsCancellationRequested)
        {
            try
            {
                var entry = Commit(1);
                var position = await replicated.WaitForReplicationAsync(_stopWriting.Token);
                Say($"ack {entry.Id} {entry.Chain} {position}");
            }
            catch (Exception exception) when (exception is LitestreamException or SqliteException or OperationCanceledException)
            {
                Say($"failed {exception.Message}");
                await Task.Delay(50);
            }
        }
    }

    private LedgerEntry Commit(int times)
    {
        lock (_writing)
        {
            using var connection = Open();
            LedgerEntry? entry = null;
            for (var i = 0; i < times; i++)
            {
                entry = Ledger.Append(connection, $"{_run} {_written++} ".PadRight(20 + (_random.Next(20) == 0 ? _random.Next(20_000) : _random.Next(400)), 'x'));
            }

            return entry!;
        }
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={database}");
        connection.Open();
        return connection;
    }

    private void Configure(DatabaseOptions app)
    {
        app.Path = database;
        app.MetaPath = Text(options, "--meta");
        app.CheckpointInterval = TimeSpan.FromMilliseconds(Number(options, "--checkpoint-interval", 60_000));
        app.MinCheckpointPages = Number(options, "--min-checkpoint-pages", 1000);
        foreach (var (number, url) in options.Zip(options.Skip(1)).Where(pair => pair.First == "--replica").Select(pair => pair.Second).Index())
        {
            app.Replicas[string.Create(CultureInfo.InvariantCulture, $"r{number}")] = new ReplicaOptions
            {
                Url = url,
                SyncInterval = TimeSpan.FromMilliseconds(50),
                SnapshotInterval = Time("--snapshot-interval"),
                Retention = Time("--retention"),
                RetentionCheckInterval = Time("--retention-check") ?? TimeSpan.FromHours(1),
            };
        }
    }

    private TimeSpan? Time(string name) => Number(options, name, 0) is var milliseconds and > 0 ? TimeSpan.FromMilliseconds(milliseconds) : null;

    private static void Say(string answer) => Console.WriteLine(answer.ReplaceLineEndings(" ") + " .");

    private static int Number(string[] options, string name, int defaultValue) =>
        Text(options, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : defaultValue;

    private static string? Text(string[] options, string name) => Array.IndexOf(options, name) is var place and >= 0 ? options[place + 1] : null;
}
