using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

public sealed class ConfigurationSourceTests : IDisposable
{
    private const string App = "Litestream:Databases:app";

    private readonly OptionsSetup _setup = new();

    public void Dispose() => _setup.Dispose();

    [Fact]
    public void Binds_every_option()
    {
        var options = _setup.Bind(
            ("Litestream:ShutdownSyncTimeout", "5s"),
            ("Litestream:ReleaseOnStop", "true"),
            ($"{App}:Path", "data/app.db"),
            ($"{App}:MetaPath", "data/meta"),
            ($"{App}:RestorePolicy", "required"),
            ($"{App}:MonitorInterval", "10ms"),
            ($"{App}:CheckpointInterval", "00:02:00"),
            ($"{App}:MinCheckpointPages", "10"),
            ($"{App}:MaxCheckpointPages", "20"),
            ($"{App}:BusyTimeout", "2s"),
            ($"{App}:ShadowLimit", "512MiB"),
            ($"{App}:Replicas:primary:Url", "backups/app"),
            ($"{App}:Replicas:primary:SyncInterval", "3s"),
            ($"{App}:Replicas:primary:SnapshotInterval", "4h"),
            ($"{App}:Replicas:primary:Retention", "720h"),
            ($"{App}:Replicas:primary:RetentionCheckInterval", "30m"),
            ($"{App}:Replicas:primary:ReplicaCheckInterval", "12h"),
            ($"{App}:Replicas:primary:VerificationInterval", "12h"),
            ($"{App}:Replicas:second:Url", "mem://store/app"));

        options.ShutdownSyncTimeout.Should().Be(TimeSpan.FromSeconds(5));
        options.ReleaseOnStop.Should().BeTrue();
        options.Databases.Should().ContainSingle().Which.Value.Should().BeEquivalentTo(new
        {
            Path = "data/app.db",
            MetaPath = "data/meta",
            RestorePolicy = RestorePolicy.Required,
            MonitorInterval = TimeSpan.FromMilliseconds(10),
            CheckpointInterval = TimeSpan.FromMinutes(2),
            MinCheckpointPages = 10,
            MaxCheckpointPages = 20,
            BusyTimeout = TimeSpan.FromSeconds(2),
            ShadowLimit = 512L << 20,
            Replicas = new Dictionary<string, ReplicaOptions>
            {
                ["primary"] = new() { Url = "backups/app", SyncInterval = TimeSpan.FromSeconds(3), SnapshotInterval = TimeSpan.FromHours(4), Retention = TimeSpan.FromDays(30), RetentionCheckInterval = TimeSpan.FromMinutes(30), ReplicaCheckInterval = TimeSpan.FromHours(12), VerificationInterval = TimeSpan.FromHours(12) },
                ["second"] = new() { Url = "mem://store/app" },
            },
        });
    }

    [Fact]
    public void Binds_keys_in_any_case()
    {
        var options = _setup.Bind(
            ("LITESTREAM:DATABASES:app:PATH", "app.db"),
            ("litestream:databases:app:replicas:primary:url", "mem://store/app"));

        options.Databases["app"].Path.Should().Be("app.db");
        options.Databases["app"].Replicas["primary"].Url.Should().Be("mem://store/app");
    }

    [Fact]
    public void Binds_a_json_file_as_the_documentation_shows_it()
    {
        const string Json = """
            { "Litestream": { "ShutdownSyncTimeout": "10s", "Databases": { "app": {
                "Path": "data/app.db", "MetaPath": null, "MinCheckpointPages": 500,
                "Replicas": { "primary": { "Url": "backups/app", "SyncInterval": "2s" } } } } } }
            """;
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(Json));
        var section = new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Litestream");

        var options = _setup.Make(services => services.AddLitestream(section));

        options.Databases["app"].MetaPath.Should().BeNull();
        options.Databases["app"].MinCheckpointPages.Should().Be(500);
        options.Databases["app"].Replicas["primary"].SyncInterval.Should().Be(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Sees_what_is_configured_after_the_registration()
    {
        var manager = new ConfigurationManager();

        var options = _setup.Make(services =>
        {
            services.AddLitestream(manager.GetSection("Litestream"));
            manager.AddInMemoryCollection(new Dictionary<string, string?>
            {
                [$"{App}:Path"] = "late.db",
                [$"{App}:Replicas:primary:Url"] = "mem://store/app",
            });
        });

        options.Databases["app"].Path.Should().Be("late.db");
    }

    [Fact]
    public void Lets_a_later_source_override_one_option_of_one_replica()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                [$"{App}:Path"] = "app.db",
                [$"{App}:Replicas:primary:Url"] = "mem://store/app",
                [$"{App}:Replicas:primary:SyncInterval"] = "1s",
            })
            .AddInMemoryCollection(new Dictionary<string, string?> { [$"{App}:Replicas:primary:SyncInterval"] = "9s" })
            .Build();

        var options = _setup.Make(services => services.AddLitestream(configuration.GetSection("Litestream")));

        options.Databases["app"].Replicas["primary"].Url.Should().Be("mem://store/app");
        options.Databases["app"].Replicas["primary"].SyncInterval.Should().Be(TimeSpan.FromSeconds(9));
    }

    [Fact]
    public void Configures_a_database_of_the_code_under_its_name_in_any_case()
    {
        var options = _setup.Make(services => services
            .AddLitestream(o => o.AddDatabase("app.db", "mem://store/app")).Services
            .AddLitestream(OptionsSetup.Section(("Litestream:Databases:APP:MonitorInterval", "1s"))));

        options.Databases.Should().ContainSingle().Which.Value.MonitorInterval.Should().Be(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Leaves_the_sections_of_the_S3_package_alone()
    {
        var errors = _setup.BindErrorsBeside(
            ("Litestream:S3:Region", "eu-central-1"),
            ($"{App}:Replicas:primary:S3:Endpoint", "https://example.org"));

        errors.Should().BeEmpty();
    }

    [Fact]
    public void Hands_a_replica_its_own_section()
    {
        _setup.BindErrorsBeside(($"{App}:Replicas:primary:S3:Region", "eu-central-1"));

        _setup.Stores.Contexts.Single().Configuration!["S3:Region"].Should().Be("eu-central-1");
    }

    [Theory]
    [InlineData("Litestream:Database", ":app:Path", "did you mean 'Databases'?")]
    [InlineData("Litestream:ShutdownTimeout", "", "did you mean 'ShutdownSyncTimeout'?")]
    [InlineData($"{App}:Replica", ":primary:Url", "did you mean 'Replicas'?")]
    [InlineData($"{App}:monitor-interval", "", "did you mean 'MonitorInterval'?")]
    [InlineData($"{App}:Replicas:primary:SyncIntervall", "", "did you mean 'SyncInterval'?")]
    [InlineData($"{App}:SyncInterval", "", "it belongs under Databases:NAME:Replicas:NAME")]
    [InlineData($"{App}:Replicas:primary:BusyTimeout", "", "it belongs under Databases:NAME")]
    [InlineData($"{App}:ReleaseOnStop", "", "it belongs at the top")]
    [InlineData($"{App}:Colour", "", "known here: ")]
    public void An_unknown_key_is_an_error_that_suggests_another(string key, string below, string hint)
    {
        var errors = _setup.BindErrorsBeside((key + below, "1s"));

        errors.Should().ContainSingle().Which.Should().StartWith($"{key}: is an unknown key; {hint}");
    }

    [Theory]
    [InlineData("off")]
    [InlineData("OFF")]
    public void What_need_not_be_can_be_switched_off(string off)
    {
        var options = _setup.Bind(
            ($"{App}:Path", "data/app.db"),
            ($"{App}:Replicas:primary:Url", "backups/app"),
            ($"{App}:Replicas:primary:SnapshotInterval", off),
            ($"{App}:Replicas:primary:Retention", off));

        options.Databases["app"].Replicas["primary"].SnapshotInterval.Should().BeNull();
        options.Databases["app"].Replicas["primary"].Retention.Should().BeNull();
    }

    [Theory]
    [InlineData("Litestream:ShutdownSyncTimeout", "24:00:00", "24 days")]
    [InlineData("Litestream:ShutdownSyncTimeout", "off", "switched off")]
    [InlineData("Litestream:ReleaseOnStop", "yes", "neither true nor false")]
    [InlineData($"{App}:RestorePolicy", "Sometimes", "Never, IfMissing, Required")]
    [InlineData($"{App}:RestorePolicy", "1", "Never, IfMissing, Required")]
    [InlineData($"{App}:MonitorInterval", "50", "no unit")]
    [InlineData($"{App}:CheckpointInterval", "", "has no value")]
    [InlineData($"{App}:BusyTimeout", "1 sec", "unknown unit")]
    [InlineData($"{App}:MinCheckpointPages", "1_000", "whole number")]
    [InlineData($"{App}:MaxCheckpointPages", "1e4", "whole number")]
    [InlineData($"{App}:ShadowLimit", "1GB", "GiB")]
    [InlineData($"{App}:Replicas:primary:SyncInterval", "1", "no unit")]
    [InlineData($"{App}:Replicas:primary:SnapshotInterval", "24:00:00", "24 days")]
    [InlineData($"{App}:Replicas:primary:SnapshotInterval", "never", "or off")]
    [InlineData($"{App}:Replicas:primary:Retention", "30", "no unit")]
    [InlineData($"{App}:Replicas:primary:ReplicaCheckInterval", "off", "switched off")]
    public void An_unparsable_value_is_an_error_at_its_path(string key, string value, string explanation)
    {
        var errors = _setup.BindErrorsBeside((key, value));

        errors.Should().ContainSingle().Which.Should().StartWith($"{key}: ").And.Contain(explanation);
    }

    [Theory]
    [InlineData("Litestream", "app.db", "Litestream: is a section")]
    [InlineData("Litestream:Databases", "app.db", "Litestream:Databases: is a section")]
    [InlineData("Litestream:Databases:other", "other.db", "Litestream:Databases:other: is a section")]
    [InlineData($"{App}:Replicas", "backups", $"{App}:Replicas: is a section")]
    [InlineData($"{App}:Replicas:second", "backups", $"{App}:Replicas:second: is a section")]
    [InlineData($"{App}:MonitorInterval:Value", "1s", $"{App}:MonitorInterval: is a single value")]
    [InlineData($"{App}:MetaPath:0", "meta", $"{App}:MetaPath: is a single value")]
    public void A_value_in_the_place_of_a_section_or_the_reverse_is_an_error(string key, string value, string message)
    {
        var errors = _setup.BindErrorsBeside((key, value));

        errors.Should().ContainSingle().Which.Should().StartWith(message);
    }

    [Fact]
    public void The_whole_configuration_instead_of_a_section_is_an_error_that_says_so()
    {
        var configuration = OptionsSetup.Configuration(("Logging:LogLevel:Default", "Debug"), ($"{App}:Path", "app.db"));

        var errors = _setup.Errors(services => services.AddLitestream(configuration));

        errors.Should().ContainSingle().Which.Should().Contain("GetSection(\"Litestream\")");
    }

    [Fact]
    public void A_configuration_of_its_own_needs_no_section()
    {
        var configuration = OptionsSetup.Configuration(("Databases:app:Path", ""), ("Databases:app:Replicas:a:Url", "mem://store/app"));

        var errors = _setup.Errors(services => services.AddLitestream(configuration));

        errors.Should().ContainSingle().Which.Should().StartWith("Databases:app:Path: has no value");
    }

    [Fact]
    public void A_section_that_is_not_there_configures_nothing()
    {
        _setup.Bind().Databases.Should().BeEmpty();
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once_with_its_path()
    {
        var errors = _setup.BindErrors(
            ("Litestream:Colour", "red"),
            ($"{App}:Path", "Data Source=app.db"),
            ($"{App}:BusyTimeout", "24:00:00"),
            ($"{App}:Replicas:primary:Url", "ftp://store/app"),
            ($"{App}:Replicas:primary:SyncInterval", "-1s"),
            ("Litestream:Databases:other:Path", "other.db"));

        errors.Select(error => error.Split(": ")[0]).Should().BeEquivalentTo(
            "Litestream:Colour",
            $"{App}:Path",
            $"{App}:BusyTimeout",
            $"{App}:Replicas:primary:Url",
            $"{App}:Replicas:primary:SyncInterval",
            "Litestream:Databases:other:Replicas");
    }

    [Fact]
    public void Errors_of_a_section_that_was_added_twice_are_said_once()
    {
        var section = OptionsSetup.Section(("Litestream:Colour", "red"));

        var errors = _setup.Errors(services => services.AddLitestream(section).Services.AddLitestream(section));

        errors.Should().ContainSingle();
    }

    [Fact]
    public void The_exception_is_the_one_of_options_validation()
    {
        var act = () => _setup.Bind(("Litestream:Colour", "red"));

        act.Should().Throw<OptionsValidationException>().Which.OptionsType.Should().Be<LitestreamOptions>();
    }
}
