using Amazon.S3;
using Litestream.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Litestream.S3;

/// <summary><c>AddS3</c> in its forms, and where options come from.</summary>
public sealed class RegistrationTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Is_added_once_however_often_it_is_called()
    {
        var services = new ServiceCollection();

        services.AddLitestream().AddS3().AddS3().AddS3(_ => { }).AddS3("primary", _ => { });

        services.Count(service => service.ServiceType == typeof(IReplicaClientFactory) && service.ImplementationFactory is not null).Should().Be(1);
        services.Count(service => service.ServiceType == typeof(IHostedService)).Should().Be(2, "the host's own and the probe");
    }

    [Fact]
    public void Without_it_the_start_names_the_package_and_the_call()
    {
        var builder = Builder([]);
        builder.Services.AddLitestream(options => options.AddDatabase("app.db", "s3://bkt/app"));
        using var host = builder.Build();

        var start = () => host.Services.GetRequiredService<IOptions<LitestreamOptions>>().Value;

        start.Should().Throw<OptionsValidationException>().WithMessage("*Litestream.S3*AddS3*");
    }

    [Fact]
    public void Options_come_from_all_places_the_narrower_and_then_code_winning()
    {
        using var host = FromConfiguration(
            new()
            {
                ["Litestream:S3:Region"] = "from-shared",
                ["Litestream:S3:Endpoint"] = "https://shared.example.com",
                ["Litestream:S3:PartSize"] = "6MiB",
                ["Litestream:S3:MaxConcurrentRequests"] = "3",
                ["Litestream:Databases:app:Path"] = "app.db",
                ["Litestream:Databases:app:Replicas:primary:Url"] = "s3://bkt/app",
                ["Litestream:Databases:app:Replicas:primary:S3:Region"] = "from-replica",
                ["Litestream:Databases:app:Replicas:primary:S3:PartSize"] = "7MiB",
            },
            builder => builder
                .AddS3(options =>
                {
                    options.Endpoint = "https://code.example.com";
                    options.Region = "from-code";
                })
                .AddS3("primary", options => options.PartSize = 8 << 20)
                .AddS3("other", options => options.Region = "other"));

        var location = Create(host).Bucket.Location;

        location.Endpoint.Should().Be(new Uri("https://code.example.com"));
        location.Region.Should().Be("from-replica");
        location.PartSize.Should().Be(8 << 20);
    }

    [Fact]
    public void Databases_in_code_take_the_shared_section_too()
    {
        var builder = Builder(new() { ["Litestream:S3:Endpoint"] = "https://shared.example.com" });
        builder.Services.AddLitestream(options => options.AddDatabase("app.db", "s3://bkt/app")).AddS3();
        using var host = builder.Build();

        Create(host).Bucket.Location.Endpoint.Should().Be(new Uri("https://shared.example.com"));
    }

    [Fact]
    public void All_mistakes_are_reported_at_once_with_their_paths_and_without_values()
    {
        using var host = FromConfiguration(
            new()
            {
                ["Litestream:S3:Regoin"] = "canary",
                ["Litestream:S3:RequestTimeout"] = "24:00:00",
                ["Litestream:Databases:app:Path"] = "app.db",
                ["Litestream:Databases:app:Replicas:primary:Url"] = "s3://bkt/app?canary=canary",
                ["Litestream:Databases:app:Replicas:primary:S3:SecretAccessKey"] = "canary",
                ["Litestream:Databases:app:Replicas:primary:S3:ForcePathStyle"] = "maybe",
                ["Litestream:Databases:app:Replicas:primary:S3:PartSize"] = "1KiB",
            },
            builder => builder.AddS3());

        var start = () => host.Services.GetRequiredService<IOptions<LitestreamOptions>>().Value;

        var error = start.Should().Throw<OptionsValidationException>().Which;
        error.Failures.Should().SatisfyRespectively(
            line => line.Should().StartWith("Litestream:S3:Regoin: is an unknown key; did you mean 'Region'?"),
            line => line.Should().StartWith("Litestream:S3:RequestTimeout: '24:00:00' is ambiguous"),
            line => line.Should().StartWith("Litestream:Databases:app:Replicas:primary:S3:ForcePathStyle: 'maybe' is neither"),
            line => line.Should().StartWith("Litestream:Databases:app:Replicas:primary:Url: has an unknown parameter"),
            line => line.Should().StartWith("Litestream:Databases:app:Replicas:primary:S3:AccessKeyId: is missing"),
            line => line.Should().StartWith("Litestream:Databases:app:Replicas:primary:S3:PartSize: must be between"));
        error.ToString().Should().NotContain("canary");
    }

    [Fact]
    public void Two_replicas_in_one_place_are_an_error_and_one_path_in_two_stores_is_none()
    {
        using var same = FromConfiguration(TwoReplicas("s3://bkt/app", "s3://bkt//app/"), builder => builder.AddS3());
        using var two = FromConfiguration(TwoReplicas("s3://bkt/app", "s3://bkt.s3.eu-central-003.backblazeb2.com/app"), builder => builder.AddS3());

        same.Services.Invoking(services => services.GetRequiredService<IOptions<LitestreamOptions>>().Value).Should().Throw<OptionsValidationException>().WithMessage("*same place*");
        two.Services.Invoking(services => services.GetRequiredService<IOptions<LitestreamOptions>>().Value).Should().NotThrow();
    }

    [Fact]
    public void Replicas_in_one_bucket_share_their_connections()
    {
        using var host = FromConfiguration(TwoReplicas("s3://bkt/a?endpoint=x.example.com", "s3://bkt/b?endpoint=x.example.com"), builder => builder.AddS3());

        var one = Create(host, "one", "s3://bkt/a?endpoint=x.example.com");
        var two = Create(host, "two", "s3://bkt/b?endpoint=x.example.com");

        one.Bucket.Should().BeSameAs(two.Bucket);
    }

    [Fact]
    public async Task The_applications_own_client_is_used_for_a_bucket_on_aws_without_keys()
    {
        await using var store = await FakeStore.StartAsync();
        using var own = new AmazonS3Client(
            FakeStore.AccessKeyId,
            FakeStore.SecretAccessKey,
            new AmazonS3Config
            {
                ServiceURL = store.Endpoint.ToString(),
                ForcePathStyle = true,
                RequestChecksumCalculation = Amazon.Runtime.RequestChecksumCalculation.WHEN_REQUIRED,
            });
        var builder = Builder([]);
        builder.Services.AddSingleton<IAmazonS3>(own);
        builder.Services.AddLitestream(options => options.AddDatabase("app.db", FakeStore.Url("app"))).AddS3();
        using var host = builder.Build();
        var client = Create(host, "s3", FakeStore.Url("app"));

        await client.OpenReadAsync("a").ContinueWith(_ => { }, TaskScheduler.Default);

        store.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task The_start_says_what_is_wrong_with_the_store()
    {
        await using var store = await FakeStore.StartAsync();
        var builder = Builder([]);
        using var logs = new LogSink();
        builder.Logging.AddProvider(logs);
        builder.Services.AddLitestream(options => options.AddDatabase(_folder.File("app.db"), FakeStore.Url("app"))).AddS3(options =>
        {
            options.Endpoint = store.Endpoint.ToString();
            options.AccessKeyId = FakeStore.AccessKeyId;
            options.SecretAccessKey = "wrong";
        });
        builder.Services.Configure<LitestreamOptions>(options => options.Databases["app"].RestorePolicy = RestorePolicy.Never);
        using var host = builder.Build();

        await host.StartAsync();
        await logs.WaitForAsync(line => line.Contains("secret access key is wrong", StringComparison.Ordinal) && line.Contains("cannot be used", StringComparison.Ordinal));
        await host.StopAsync();
    }

    private static Dictionary<string, string?> TwoReplicas(string one, string two) => new()
    {
        ["Litestream:Databases:app:Path"] = "app.db",
        ["Litestream:Databases:app:Replicas:one:Url"] = one,
        ["Litestream:Databases:app:Replicas:two:Url"] = two,
    };

    private HostApplicationBuilder Builder(Dictionary<string, string?> configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Configuration.AddInMemoryCollection(configuration);
        return builder;
    }

    private IHost FromConfiguration(Dictionary<string, string?> configuration, Action<ILitestreamBuilder> add)
    {
        var builder = Builder(configuration);
        add(builder.Services.AddLitestream(builder.Configuration.GetSection("Litestream")));
        return builder.Build();
    }

    private static S3ReplicaClient Create(IHost host, string replica = "primary", string url = "s3://bkt/app")
    {
        var configuration = host.Services.GetRequiredService<IConfiguration>();
        var section = configuration.GetSection($"Litestream:Databases:app:Replicas:{replica}");
        return (S3ReplicaClient)host.Services.GetServices<IReplicaClientFactory>().Single(factory => factory.Schemes.Contains("s3")).Create(
            new ReplicaClientContext
            {
                DatabaseName = "app",
                ReplicaName = replica,
                Url = url,
                ContentRoot = ".",
                Configuration = section.Exists() ? section : null,
            });
    }
}
