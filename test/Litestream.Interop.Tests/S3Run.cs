using System.Globalization;
using Litestream.S3;
using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.Interop;

/// <summary>A database in a folder and its replica in the bucket of a real S3 server, both of the test's own.</summary>
internal sealed class S3Run : IAsyncDisposable
{
    private readonly string _config;

    public S3Run(string name)
    {
        Url = RealServer.NewUrl(name);
        _config = Folder.File("litestream.yml");
        var options = RealServer.Options();
        var path = Url[$"s3://{RealServer.Bucket}/".Length..];

        // The program's own URL cannot name an endpoint; its configuration can.
        File.WriteAllText(_config, string.Create(CultureInfo.InvariantCulture, $"""
            access-key-id: {options.AccessKeyId}
            secret-access-key: {options.SecretAccessKey}
            dbs:
              - path: {Database}
                monitor-interval: 20ms
                checkpoint-interval: 1s
                min-checkpoint-page-count: 100
                replicas:
                  - type: s3
                    bucket: {RealServer.Bucket}
                    path: {path}
                    endpoint: {options.Endpoint}
                    region: {options.Region ?? "us-east-1"}
                    force-path-style: true
                    sync-interval: 100ms

            """));
    }

    public TempDirectory Folder { get; } = new();

    public string Database => Folder.File("app.db");

    public string Url { get; }

    public S3ReplicaClient CreateClient() => new(Url, RealServer.Options());

    /// <summary>An application with this library, replicating.</summary>
    public async Task<IHost> StartOursAsync(string? database = null)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = Folder.Path });
        builder.Logging.ClearProviders();
        var server = RealServer.Options();
        builder.Services.AddLitestream(options =>
        {
            options.ReleaseOnStop = true;
            options.AddDatabase("app", app =>
            {
                app.Path = database ?? Database;
                app.CheckpointInterval = TimeSpan.FromMilliseconds(300);
                app.MinCheckpointPages = 100;
                app.Replicas["s3"] = new ReplicaOptions { Url = Url, SyncInterval = TimeSpan.FromMilliseconds(100) };
            });
        }).AddS3(options =>
        {
            options.Endpoint = server.Endpoint;
            options.Region = server.Region;
            options.AccessKeyId = server.AccessKeyId;
            options.SecretAccessKey = server.SecretAccessKey;
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    public async Task<ChildProcess> StartTheirsAsync()
    {
        var child = ChildProcess.Start(RealLitestream.Find()!, "replicate", "-config", _config);
        await child.WaitForLineAsync(line => line.Contains("wal segment written", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        return child;
    }

    /// <summary>Both programs restore, and the files are equal byte for byte. Returns ours.</summary>
    public async Task<string> BothRestoreAsync(string name)
    {
        var theirs = Folder.File($"theirs-{name}.db");
        var ours = Folder.File($"ours-{name}.db");
        var (exitCode, output) = await RealLitestream.RunAsync("restore", "-config", _config, "-o", theirs, Database);
        exitCode.Should().Be(0, "litestream restore said: {0}", output);
        await using var client = CreateClient();

        await client.RestoreAsync(new RestoreOptions { OutputPath = ours });

        (await BothRestores.HashAsync(ours)).Should().Be(await BothRestores.HashAsync(theirs));
        (await SqliteShell.IntegrityCheckAsync(ours)).Trim().Should().Be("ok");
        return ours;
    }

    public async ValueTask DisposeAsync()
    {
        await RealServer.CleanAsync(Url);
        Folder.Dispose();
    }
}
