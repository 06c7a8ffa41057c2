using Litestream.Yaml;
using Microsoft.Extensions.Options;

namespace Litestream.Cli;

public sealed class YamlReaderTests
{
    /// <summary>The example that Litestream's release v0.3.3 documents.</summary>
    private const string Example = """
        dbs:
          - path: /path/to/db
            replicas:
              - url: s3://mybkt.litestream.io/db
                retention: 24h
                snapshot-interval: 4h
        """;

    [Fact]
    public void Reads_the_example_of_v033()
    {
        var file = Parse(Example);

        var database = file.Databases.Should().ContainSingle().Subject;
        database.Path.Should().Be("/path/to/db");
        var replica = database.Replicas.Should().ContainSingle().Subject;
        replica.Should().BeEquivalentTo(new
        {
            Name = "s3",
            Type = "s3",
            Url = "s3://mybkt.litestream.io/db",
            Retention = TimeSpan.FromHours(24),
            SnapshotInterval = TimeSpan.FromHours(4),
        });
        file.Warnings.Should().BeEmpty();
    }

    [Fact]
    public void Reads_every_key_of_v0313()
    {
        var file = Parse("""
            addr: ":9090"
            exec: "app -x"
            access-key-id: GLOBAL
            secret-access-key: SECRET
            logging:
              level: debug
              type: json
              stderr: yes
            dbs:
              - path: /var/lib/app.db
                meta-path: /var/lib/meta
                monitor-interval: 500ms
                checkpoint-interval: 1m30s
                min-checkpoint-page-count: 10
                max-checkpoint-page-count: 20
                replicas:
                  - type: s3
                    name: far
                    bucket: bkt
                    path: /a b/c?d
                    region: eu-central-1
                    endpoint: minio.example.com
                    force-path-style: true
                    skip-verify: false
                    access-key-id: OWN
                    secret-access-key: OWNSECRET
                    sync-interval: 10s
                    snapshot-interval: 4h
                    validation-interval: 6h
                    retention: 48h
                    retention-check-interval: 2h
                    age:
                      identities: []
                      recipients: []
                  - type: sftp
                    name: old
                    host: example.com:22
                    user: u
                    password: p
                    key-path: /k
                    path: /x
                    account-name: n
                    account-key: k
            """);

        file.Warnings.Should().BeEmpty();
        file.Should().BeEquivalentTo(new { Addr = ":9090", Exec = "app -x", AccessKeyId = "GLOBAL", SecretAccessKey = "SECRET" });
        file.Logging.Should().BeEquivalentTo(new { Level = "debug", Type = "json", ToStandardError = true });
        var database = file.Databases.Should().ContainSingle().Subject;
        database.Should().BeEquivalentTo(new
        {
            MetaPath = "/var/lib/meta",
            MonitorInterval = TimeSpan.FromMilliseconds(500),
            CheckpointInterval = TimeSpan.FromSeconds(90),
            MinCheckpointPageCount = 10,
            MaxCheckpointPageCount = 20,
        });
        database.Replicas[0].Should().BeEquivalentTo(new
        {
            Name = "far",
            Bucket = "bkt",
            Path = "/a b/c?d",
            Region = "eu-central-1",
            Endpoint = "minio.example.com",
            ForcePathStyle = true,
            SkipVerify = false,
            AccessKeyId = "OWN",
            SecretAccessKey = "OWNSECRET",
            SyncInterval = TimeSpan.FromSeconds(10),
            SnapshotInterval = TimeSpan.FromHours(4),
            ValidationInterval = TimeSpan.FromHours(6),
            Retention = TimeSpan.FromHours(48),
            RetentionCheckInterval = TimeSpan.FromHours(2),
            IsEncrypted = false,
        });
        YamlConfiguration.UrlOf(database.Replicas[0]).Should().Be("s3://bkt//a b/c%3Fd");
    }

    [Fact]
    public void An_unknown_key_is_a_warning_that_names_the_line_and_the_key_that_was_meant()
    {
        var file = Parse("""
            dbs:
              - path: /a.db
                replicas:
                  - path: /b
                    sync-intervall: 5s
            """);

        file.Warnings.Should().ContainSingle().Which.Should().Be(
            "litestream.yml:5: the key 'sync-intervall' is unknown and ignored; did you mean 'sync-interval'?");
    }

    [Fact]
    public void A_number_without_a_unit_is_a_warning_and_nobody_deletes_after_nanoseconds()
    {
        var file = Parse("""
            dbs:
              - path: /a.db
                replicas:
                  - path: /b
                    retention: 24
                    sync-interval: 5000000000
            """);

        var replica = file.Databases[0].Replicas[0];
        replica.Retention.Should().BeNull();
        replica.SyncInterval.Should().Be(TimeSpan.FromSeconds(5));
        file.Warnings.Should().HaveCount(2).And.SatisfyRespectively(
            first => first.Should().StartWith("litestream.yml:5: retention: 24 has no unit"),
            second => second.Should().StartWith("litestream.yml:6: sync-interval: 5000000000 has no unit"));
    }

    [Fact]
    public void Variables_are_replaced_in_the_whole_text_as_Litestream_does()
    {
        var variables = new Dictionary<string, string> { ["BUCKET"] = "bkt", ["SECRET"] = "s$ecret" };

        var file = YamlReader.Parse("litestream.yml", """
            # $COMMENT
            secret-access-key: ${SECRET}
            access-key-id: a$$b$-c${}d$
            dbs:
              - path: /x/$BUCKET.db
            """, variables.GetValueOrDefault);

        file.SecretAccessKey.Should().Be("s$ecret");
        file.AccessKeyId.Should().Be("abcd$");
        file.Databases[0].Path.Should().Be("/x/bkt.db");
        file.Warnings.Should().HaveCount(2).And.OnlyContain(warning => warning.StartsWith("litestream.yml:3: the environment variable"));
    }

    [Fact]
    public void A_variable_that_is_not_set_is_a_warning() =>
        YamlReader.Parse("litestream.yml", "dbs:\n  - path: /x/$word\nsecret-access-key: ${SECRET}\n", _ => null)
            .Warnings.Should().BeEquivalentTo(
                new[] { ("2", "word"), ("3", "SECRET") }.Select(one => $"litestream.yml:{one.Item1}: the environment variable {one.Item2} is not set: '${one.Item2}' was replaced by nothing (-no-expand-env leaves dollar signs alone)"));

    [Fact]
    public void Without_expansion_dollar_signs_stay() =>
        Parse("secret-access-key: pa$word${X}").SecretAccessKey.Should().Be("pa$word${X}");

    [Fact]
    public void Anchors_and_merged_keys_are_followed()
    {
        var file = Parse("""
            dbs:
              - path: /a.db
                replicas:
                  - &base
                    url: s3://b/a
                    retention: 1h
                    region: r
              - path: /b.db
                replicas:
                  - <<: *base
                    url: s3://b/b
            """);

        file.Databases[1].Replicas[0].Should().BeEquivalentTo(new { Url = "s3://b/b", Retention = TimeSpan.FromHours(1), Region = "r" });
        file.Warnings.Should().BeEmpty();
    }

    [Theory]
    [InlineData("url: s3://b/x\n        bucket: y", "cannot specify url & bucket")]
    [InlineData("url: s3://b/x\n        path: y", "cannot specify url & path")]
    [InlineData("path: file:///x", "replica path cannot be a url")]
    [InlineData("type: zzz\n        path: x", "unknown replica type in config: \"zzz\"")]
    [InlineData("type: s3\n        path: x", "bucket required")]
    [InlineData("name: x", "needs a path or a url")]
    public void A_replica_that_contradicts_itself_is_an_error_with_its_line(string replica, string message)
    {
        var read = () => Parse("dbs:\n  - path: /a.db\n    replicas:\n      - " + replica);

        read.Should().Throw<OptionsValidationException>().Which.Failures.Should().ContainSingle()
            .Which.Should().StartWith("litestream.yml:4: ").And.Contain(message);
    }

    [Fact]
    public void All_errors_are_said_at_once()
    {
        var read = () => Parse("""
            dbs:
              - path: /a.db
                monitor-interval: soon
                min-checkpoint-page-count: many
                replicas: /b
            """);

        read.Should().Throw<OptionsValidationException>().Which.Failures.Select(failure => failure.Split(": ")[0])
            .Should().Equal("litestream.yml:3", "litestream.yml:4", "litestream.yml:5");
    }

    [Theory]
    [InlineData("dbs: [\n", 2)]
    [InlineData("a: 1\nb: 2\na: 3", 3)]
    public void What_is_no_YAML_is_an_error_with_its_line(string text, int line)
    {
        var read = () => Parse(text);

        read.Should().Throw<OptionsValidationException>().Which.Failures.Should().ContainSingle().Which.Should().Contain($"litestream.yml:{line}: is not valid YAML");
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("dbs:\n")]
    public void A_file_without_databases_is_sound(string text) => Parse(text).Databases.Should().BeEmpty();

    private static YamlFile Parse(string text) => YamlReader.Parse("litestream.yml", text, lookup: null);
}
