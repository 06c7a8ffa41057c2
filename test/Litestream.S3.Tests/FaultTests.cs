using System.Diagnostics;
using Litestream.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.S3;

/// <summary>An application that replicates through a bad line: nothing is lost, nothing storms, and restores complete.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private readonly TempDirectory _folder = new();
    private FakeStore? _fake;
    private FaultProxy _proxy = null!;
    private string _url = "";
    private S3ReplicaOptions _options = null!;

    /// <summary>Long enough to show the back-off; LITESTREAM_OUTAGE_SECONDS=300 shows the longest one.</summary>
    private static TimeSpan Outage => TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("LITESTREAM_OUTAGE_SECONDS"), out var seconds) ? seconds : 6);

    public async Task InitializeAsync()
    {
        if (RealServer.WhatIsMissing is null)
        {
            _url = RealServer.NewUrl("faults");
            _options = RealServer.Options();
        }
        else
        {
            _fake = await FakeStore.StartAsync();
            _url = FakeStore.Url("faults");
            _options = _fake.Options();
        }

        _proxy = await FaultProxy.StartAsync(new Uri(_options.Endpoint!));
        _options.Endpoint = _proxy.Endpoint;
        _options.RequestTimeout = TimeSpan.FromSeconds(1);
        _options.ProbeOnStart = false;
    }

    public async Task DisposeAsync()
    {
        _proxy.Choose = _ => null;
        await _proxy.DisposeAsync();
        if (_fake is not null)
        {
            await _fake.DisposeAsync();
        }
        else
        {
            await RealServer.CleanAsync(_url);
        }

        _folder.Dispose();
    }

    [Theory]
    [InlineData("Reset", 3)]
    [InlineData("LoseAnswer", 3)]
    [InlineData("Answer", 3)]
    [InlineData("Stall", 9)]
    [InlineData("Delay", 2)]
    public async Task Every_acknowledged_commit_survives(string kind, int every)
    {
        var count = 0;
        var fault = new Fault(Enum.Parse<FaultKind>(kind), Enum.Parse<FaultKind>(kind) == FaultKind.Answer ? 503 : 30, "SlowDown");
        var database = await ReplicateAsync(rounds: 15, _ => Interlocked.Increment(ref count) % every == 0 ? fault : null);

        await RestoresToAsync(database);
        count.Should().BeGreaterThan(every, "faults have happened");
    }

    [Fact]
    public async Task A_restore_over_a_line_that_is_cut_again_and_again_completes()
    {
        var database = await ReplicateAsync(rounds: 15, _ => null);
        var cuts = 0;
        _proxy.Choose = request => request.Method == "GET" && Interlocked.Increment(ref cuts) % 2 == 0
            ? new Fault(FaultKind.CutAnswer, 700)
            : null;

        await RestoresToAsync(database);
        cuts.Should().BeGreaterThan(3);
    }

    [Fact]
    public async Task An_outage_makes_few_requests_and_ends_with_the_first_answer()
    {
        var path = _folder.File("app.db");
        using var host = await StartAsync(path);
        var database = host.Services.GetRequiredService<ILitestream>().GetDatabase("app");
        await using var connection = Open(path);
        await InsertAsync(connection);
        await database.WaitForReplicationAsync();
        _proxy.Choose = _ => new Fault(FaultKind.Reset);
        await InsertAsync(connection);
        var before = _proxy.Requests;
        var outage = Stopwatch.StartNew();

        await Task.Delay(Outage);

        (_proxy.Requests - before).Should().BeInRange(1, 3 * (int)outage.Elapsed.TotalSeconds);
        _proxy.Choose = _ => null;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(75)); // more than the longest back-off
        await database.WaitForReplicationAsync(limit.Token);
        await host.StopAsync();
        await RestoresToAsync(path);
    }

    [Fact]
    public async Task What_the_store_asks_for_is_kept()
    {
        await using var client = new S3ReplicaClient(_url, _options);
        await client.WriteAsync("a", new MemoryStream([1]));
        var first = true;
        _proxy.Choose = _ =>
        {
            var fault = first ? new Fault(FaultKind.Answer, 503, "SlowDown", RetryAfter: "2") : null;
            first = false;
            return fault;
        };
        await client.Awaiting(c => c.WriteAsync("b", new MemoryStream([1]))).Should().ThrowAsync<ReplicaException>();
        var waited = Stopwatch.StartNew();

        await client.WriteAsync("b", new MemoryStream([1]));

        waited.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(1.8));
    }

    [Fact]
    public async Task A_bandwidth_limit_is_kept_both_ways()
    {
        _options.UploadBytesPerSecond = 1 << 20;
        _options.DownloadBytesPerSecond = 1 << 20;
        await using var client = new S3ReplicaClient(_url, _options);
        var content = new byte[2 << 20];
        var time = Stopwatch.StartNew();

        await client.WriteAsync("a", new MemoryStream(content));

        time.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(1.6));
        time.Restart();
        await using var stream = await client.OpenReadAsync("a");
        await stream.CopyToAsync(Stream.Null);
        time.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(1.6));
    }

    private async Task<string> ReplicateAsync(int rounds, Func<Microsoft.AspNetCore.Http.HttpRequest, Fault?> choose)
    {
        var path = _folder.File("app.db");
        _proxy.Choose = choose;
        using var host = await StartAsync(path);
        var database = host.Services.GetRequiredService<ILitestream>().GetDatabase("app");
        await using var connection = Open(path);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        for (var i = 0; i < rounds; i++)
        {
            await InsertAsync(connection);
            await database.WaitForReplicationAsync(limit.Token);
        }

        _proxy.Choose = _ => null;
        await host.StopAsync();
        return path;
    }

    private async Task RestoresToAsync(string database)
    {
        await using var client = new S3ReplicaClient(_url, _options);
        var restored = _folder.File($"restored-{Guid.NewGuid():N}.db");

        await client.RestoreAsync(new RestoreOptions { OutputPath = restored });

        Count(restored).Should().Be(Count(database)).And.BeGreaterThan(1);
    }

    private async Task<IHost> StartAsync(string path)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Logging.ClearProviders();
        builder.Services.AddLitestream(options =>
        {
            options.ReleaseOnStop = true;
            options.AddDatabase("app", app =>
            {
                app.Path = path;
                app.RestorePolicy = RestorePolicy.Never;
                app.Replicas["s3"] = new ReplicaOptions { Url = _url, SyncInterval = TimeSpan.FromMilliseconds(50) };
            });
        }).AddS3(options =>
        {
            options.Endpoint = _options.Endpoint;
            options.Region = _options.Region;
            options.AccessKeyId = _options.AccessKeyId;
            options.SecretAccessKey = _options.SecretAccessKey;
            options.RequestTimeout = _options.RequestTimeout;
            options.ProbeOnStart = false;
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        Workload.Execute(connection, "PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v BLOB)");
        return connection;
    }

    private static async Task InsertAsync(SqliteConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO t (v) VALUES (randomblob(3000))";
        await command.ExecuteNonQueryAsync();
    }

    private static long Count(string path)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM t";
        return (long)command.ExecuteScalar()!;
    }
}
