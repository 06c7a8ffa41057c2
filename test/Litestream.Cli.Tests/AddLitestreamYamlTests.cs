using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace Litestream.Cli;

/// <summary>An application and the program use the same file.</summary>
public sealed class AddLitestreamYamlTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_options_are_those_of_the_file()
    {
        var options = Options($"""
            dbs:
              - path: {_folder.File("app.db")}
                meta-path: {_folder.File("meta")}
                checkpoint-interval: 30s
                min-checkpoint-page-count: 20000
                replicas:
                  - path: {_folder.File("backup")}
                    sync-interval: 2s
                    snapshot-interval: 4h
                  - url: s3://bkt/app
                    access-key-id: ID
                    secret-access-key: SECRET
                    validation-interval: 6h
              - path: {_folder.File("other/app.db")}
                max-checkpoint-page-count: 0
                replicas:
                  - path: {_folder.File("backup-2")}
            """);

        options.Databases.Keys.Should().BeEquivalentTo("app", "app-2");
        var app = options.Databases["app"];
        app.Path.Should().Be(_folder.File("app.db"));
        app.CheckpointInterval.Should().Be(TimeSpan.FromSeconds(30));
        (app.MinCheckpointPages, app.MaxCheckpointPages).Should().Be((20000, 20000), "a limit below the other means nothing");
        app.Replicas["file"].Should().BeEquivalentTo(new { Url = _folder.File("backup"), SyncInterval = TimeSpan.FromSeconds(2), SnapshotInterval = TimeSpan.FromHours(4) });
        app.Replicas["s3"].Should().BeEquivalentTo(new { Url = "s3://bkt/app", VerificationInterval = TimeSpan.FromHours(6), SnapshotInterval = TimeSpan.FromHours(24) });
        options.Databases["app-2"].MaxCheckpointPages.Should().Be(int.MaxValue, "0 switches the checkpoint that blocks off");
    }

    [Theory]
    [InlineData("retention: 720h\n        retention-check-interval: 2h", 720, 2, 24)]
    [InlineData("retention: 0s", null, 1, null)]
    [InlineData("retention: 0s\n        snapshot-interval: 6h", null, 1, 6)]
    [InlineData("retention: -1h", null, 1, null)]
    [InlineData("retention: 24", 24, 1, 24)]
    [InlineData("snapshot-interval: 0s\n        retention-check-interval: 0s", 24, 1, 24)]
    [InlineData("name: x", 24, 1, 24)]
    public void Nothing_is_deleted_earlier_than_the_file_says(string replica, int? retention, int check, int? snapshots)
    {
        var options = Options($"dbs:\n  - path: {_folder.File("app.db")}\n    replicas:\n      - path: {_folder.File("b")}\n        {replica}\n");

        options.Databases["app"].Replicas.Values.Should().ContainSingle().Which.Should().BeEquivalentTo(new
        {
            Retention = retention is { } hours ? TimeSpan.FromHours(hours) : (TimeSpan?)null,
            RetentionCheckInterval = TimeSpan.FromHours(check),
            SnapshotInterval = snapshots is { } interval ? TimeSpan.FromHours(interval) : (TimeSpan?)null,
        });
    }

    [Fact]
    public void The_meta_directory_is_never_that_of_the_program_litestream() =>
        Options($"dbs:\n  - path: {_folder.File("app.db")}\n    meta-path: {_folder.File("meta")}/\n    replicas:\n      - path: {_folder.File("b")}\n")
            .Databases["app"].MetaPath.Should().Be(_folder.File("meta-net"));

    [Theory]
    [InlineData("url: s3://b/x\n        age:\n          recipients: [age1x]", "age encryption is not supported")]
    [InlineData("url: s3://b/x\n        skip-verify: true", "skip-verify is not supported")]
    [InlineData("url: gcs://b/x", "stores of the kind 'gcs' are not supported yet")]
    public void What_cannot_be_done_stops_the_start(string replica, string message)
    {
        var path = Write($"dbs:\n  - path: {_folder.File("app.db")}\n    replicas:\n      - {replica}\n");

        var add = () => new ServiceCollection().AddLitestreamYaml(path);

        add.Should().Throw<OptionsValidationException>().Which.Failures.Should().ContainSingle()
            .Which.Should().StartWith($"{path}:4: ").And.Contain(message);
    }

    [Fact]
    public void Two_replicas_of_one_name_stop_the_start()
    {
        var path = Write($"dbs:\n  - path: {_folder.File("app.db")}\n    replicas:\n      - path: /x\n      - path: /y\n");

        var add = () => new ServiceCollection().AddLitestreamYaml(path);

        add.Should().Throw<OptionsValidationException>().WithMessage("*:5: *named 'file'*");
    }

    [Fact]
    public async Task An_application_replicates_as_the_file_says_and_logs_its_warnings()
    {
        using var database = new AppDatabase(_folder);
        database.Execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)");

        var path = Write($"dbs:\n  - path: {database.Path}\n    replicass: x\n    replicas:\n      - path: {_folder.File("backup")}\n");
        var log = new FakeLogCollector();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.AddProvider(new FakeLoggerProvider(log));
        builder.Services.AddLitestreamYaml(path);
        builder.Services.Configure<LitestreamOptions>(options => options.ReleaseOnStop = true);
        using (var host = builder.Build())
        {
            await host.StartAsync();
            await host.Services.GetRequiredService<ILitestream>().SyncAsync();
            await host.StopAsync();
        }

        await using var client = new FileReplicaClient(_folder.File("backup"));
        await client.RestoreAsync(new RestoreOptions { OutputPath = _folder.File("copy.db") });
        File.Exists(_folder.File("copy.db")).Should().BeTrue();
        log.GetSnapshot().Should().Contain(record => record.Id.Id == 6200 && record.Message.Contains(":3: the key 'replicass' is unknown"));
    }

    private LitestreamOptions Options(string yaml)
    {
        using var services = new ServiceCollection().AddLogging().AddLitestreamYaml(Write(yaml)).AddS3().Services.BuildServiceProvider();
        return services.GetRequiredService<IOptions<LitestreamOptions>>().Value;
    }

    private string Write(string yaml)
    {
        var path = _folder.File("litestream.yml");
        File.WriteAllText(path, yaml);
        return path;
    }
}
