using Litestream.Testing;

namespace Litestream.Hosting;

public sealed class DatabaseRulesTests : IDisposable
{
    private const string App = "Litestream:Databases:app";

    private readonly OptionsSetup _setup = new();

    public void Dispose() => _setup.Dispose();

    [Fact]
    public void The_defaults_are_sound()
    {
        _setup.Errors(options => options.AddDatabase("data/app.db", "backups/app")).Should().BeEmpty();
    }

    [Fact]
    public void No_databases_are_no_error()
    {
        _setup.Errors((LitestreamOptions _) => { }).Should().BeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData(null)]
    public void A_path_is_required(string? path)
    {
        ShouldFail(o => o.Path = path!, "Path", "is missing");
    }

    [Theory]
    [InlineData("Data Source=app.db")]
    [InlineData("DataSource=app.db;Mode=ReadWrite")]
    [InlineData("Cache=Shared;Filename = app.db")]
    [InlineData("data source=file:app.db?mode=memory")]
    public void A_connection_string_as_path_is_refused(string path)
    {
        ShouldFail(o => o.Path = path, "Path", "not the connection string");
    }

    [Theory]
    [InlineData("a=b.db")]
    [InlineData("data source.db")]
    [InlineData("x;y.db")]
    public void A_strange_file_name_is_not_taken_for_a_connection_string(string path)
    {
        _setup.ErrorsOf(o => o.Path = path).Should().BeEmpty();
    }

    [Theory]
    [InlineData(":memory:", "in memory")]
    [InlineData("file:app.db", "is a URI")]
    [InlineData("file::memory:?cache=shared", "in memory")]
    [InlineData("|DataDirectory|app.db", "DataDirectory")]
    [InlineData("app\0.db", "NUL")]
    [InlineData("data/", "is a folder")]
    public void A_path_that_is_no_plain_file_path_is_refused(string path, string explanation)
    {
        ShouldFail(o => o.Path = path, "Path", explanation);
    }

    [Fact]
    public void A_folder_as_database_is_refused()
    {
        Directory.CreateDirectory(_setup.Folder.File("data"));

        ShouldFail(o => o.Path = "data", "Path", "is a folder");
    }

    [SymbolicLinkFact]
    public void A_loop_of_symbolic_links_is_refused()
    {
        File.CreateSymbolicLink(_setup.Folder.File("a.db"), _setup.Folder.File("b.db"));
        File.CreateSymbolicLink(_setup.Folder.File("b.db"), _setup.Folder.File("a.db"));

        ShouldFail(o => o.Path = "a.db", "Path", "circle");
    }

    [Theory]
    [InlineData(".app.db-litestream")]
    [InlineData("elsewhere/.app.db-litestream/")]
    public void The_meta_folder_of_the_program_litestream_is_refused(string metaPath)
    {
        ShouldFail(o => o.MetaPath = metaPath, "MetaPath", "litestream");
    }

    [Fact]
    public void A_meta_path_that_is_a_file_is_refused()
    {
        File.WriteAllText(_setup.Folder.File("meta"), "");

        ShouldFail(o => o.MetaPath = "meta", "MetaPath", "is a file");
    }

    [Fact]
    public void A_restore_policy_that_does_not_exist_is_refused()
    {
        ShouldFail(o => o.RestorePolicy = (RestorePolicy)7, "RestorePolicy", "Never, IfMissing, Required");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_monitor_interval_is_longer_than_zero(int seconds)
    {
        ShouldFail(o => o.MonitorInterval = TimeSpan.FromSeconds(seconds), "MonitorInterval", "longer than zero");
    }

    [Fact]
    public void A_checkpoint_interval_is_not_negative()
    {
        ShouldFail(o => o.CheckpointInterval = TimeSpan.FromSeconds(-1), "CheckpointInterval", "negative");
    }

    [Fact]
    public void A_busy_timeout_is_not_negative()
    {
        ShouldFail(o => o.BusyTimeout = Timeout.InfiniteTimeSpan, "BusyTimeout", "negative");
    }

    [Fact]
    public void A_checkpoint_interval_and_a_busy_timeout_may_be_zero()
    {
        _setup.ErrorsOf(o => (o.CheckpointInterval, o.BusyTimeout) = (TimeSpan.Zero, TimeSpan.Zero)).Should().BeEmpty();
    }

    [Fact]
    public void A_duration_is_not_longer_than_a_timer_can_wait()
    {
        ShouldFail(o => o.CheckpointInterval = TimeSpan.FromDays(25), "CheckpointInterval", "24 days");
    }

    [Fact]
    public void A_sync_interval_is_longer_than_zero()
    {
        ShouldFail(o => o.Replicas["primary"].SyncInterval = TimeSpan.Zero, "Replicas:primary:SyncInterval", "longer than zero");
        ShouldFail(o => o.Replicas["primary"].VerificationInterval = TimeSpan.Zero, "Replicas:primary:VerificationInterval", "longer than zero");
    }

    [Fact]
    public void A_snapshot_interval_is_longer_than_zero_or_none()
    {
        ShouldFail(o => o.Replicas["primary"].SnapshotInterval = TimeSpan.Zero, "Replicas:primary:SnapshotInterval", "longer than zero");
        ShouldFail(o => o.Replicas["primary"].SnapshotInterval = TimeSpan.FromDays(25), "Replicas:primary:SnapshotInterval", "24 days");
        _setup.ErrorsOf(o => o.Replicas["primary"].SnapshotInterval = null).Should().BeEmpty();
    }

    [Fact]
    public void A_retention_is_longer_than_zero_and_no_longer_than_ten_years_or_none()
    {
        ShouldFail(o => o.Replicas["primary"].Retention = TimeSpan.Zero, "Replicas:primary:Retention", "off keeps everything");
        ShouldFail(o => o.Replicas["primary"].Retention = TimeSpan.FromDays(4000), "Replicas:primary:Retention", "10 years");
        _setup.ErrorsOf(o => o.Replicas["primary"].Retention = TimeSpan.FromDays(365)).Should().BeEmpty();
        _setup.ErrorsOf(o => o.Replicas["primary"].Retention = null).Should().BeEmpty();
    }

    [Fact]
    public void The_intervals_of_looks_at_a_replica_are_longer_than_zero()
    {
        ShouldFail(o => o.Replicas["primary"].RetentionCheckInterval = TimeSpan.Zero, "Replicas:primary:RetentionCheckInterval", "longer than zero");
        ShouldFail(o => o.Replicas["primary"].ReplicaCheckInterval = TimeSpan.Zero, "Replicas:primary:ReplicaCheckInterval", "longer than zero");
    }

    [Fact]
    public void A_shutdown_sync_timeout_is_longer_than_zero()
    {
        _setup.Errors(o => o.ShutdownSyncTimeout = TimeSpan.Zero)
            .Should().ContainSingle().Which.Should().StartWith("Litestream:ShutdownSyncTimeout: ").And.Contain("longer than zero");
    }

    [Fact]
    public void Checkpoint_pages_are_at_least_one()
    {
        ShouldFail(o => o.MinCheckpointPages = 0, "MinCheckpointPages", "at least 1");
    }

    [Fact]
    public void The_hard_limit_of_pages_is_not_below_the_soft_one()
    {
        ShouldFail(o => o.MaxCheckpointPages = 999, "MaxCheckpointPages", "1000");
    }

    [Fact]
    public void A_shadow_limit_is_more_than_nothing()
    {
        ShouldFail(o => o.ShadowLimit = 0, "ShadowLimit", "more than 0");
    }

    [Fact]
    public void A_database_needs_a_replica()
    {
        ShouldFail(o => o.Replicas.Clear(), "Replicas", "at least one");
    }

    [Theory]
    [InlineData("", "Litestream:Databases:")]
    [InlineData("a/b", "Litestream:Databases:a/b")]
    [InlineData("a:b", "Litestream:Databases:a:b")]
    [InlineData("a\nb", "Litestream:Databases:a\nb")]
    public void A_name_is_not_empty_and_without_separators(string name, string path)
    {
        var errors = _setup.Errors(options =>
        {
            options.Databases[name] = new DatabaseOptions { Path = "app.db" };
            options.Databases[name].Replicas["primary"] = new ReplicaOptions { Url = "mem://store/app" };
        });

        errors.Should().ContainSingle().Which.Should().StartWith($"{path}: the name of a database must not");
    }

    [Fact]
    public void The_name_of_a_replica_is_without_separators()
    {
        ShouldFail(o => o.Replicas["a/b"] = new ReplicaOptions { Url = "mem://store/other" }, "Replicas:a/b", "the name of a replica");
    }

    [Fact]
    public void Names_that_differ_in_case_only_are_refused()
    {
        var errors = _setup.Errors(options =>
        {
            options.AddDatabase("app.db", "mem://store/1");
            options.AddDatabase("other/App.db", "mem://store/2");
        });

        errors.Should().ContainSingle().Which.Should().Be("Litestream:Databases: the databases 'App' and 'app' differ in case only");
    }

    [Fact]
    public void Null_in_the_place_of_options_is_refused()
    {
        _setup.Errors(o => o.Databases["app"] = null!).Should().ContainSingle().Which.Should().Be($"{App}: must not be null");

        ShouldFail(o => o.Replicas["second"] = null!, "Replicas:second", "must not be null");
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        var errors = _setup.Errors(options =>
        {
            options.ShutdownSyncTimeout = TimeSpan.Zero;
            options.AddDatabase("app", o => (o.Path, o.MonitorInterval) = (":memory:", TimeSpan.Zero));
            options.AddDatabase("other.db", "ftp://store");
        });

        errors.Should().HaveCount(5);
    }

    private void ShouldFail(Action<DatabaseOptions> change, string key, string explanation) =>
        _setup.ErrorsOf(change).Should().ContainSingle().Which.Should().StartWith($"{App}:{key}: ").And.Contain(explanation);
}
