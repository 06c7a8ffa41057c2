using Microsoft.Extensions.Options;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Litestream.Yaml;

/// <summary>Reads a litestream.yml: every key of v0.3.13. Facts in docs/FORMAT.md, section 5.</summary>
internal static class YamlReader
{
    private static readonly Dictionary<string, Action<YamlFile, YamlValue>> RootKeys = new(StringComparer.Ordinal)
    {
        ["addr"] = static (file, value) => file.Addr = value.Text(),
        ["exec"] = static (file, value) => file.Exec = value.Text(),
        ["access-key-id"] = static (file, value) => file.AccessKeyId = value.Text(),
        ["secret-access-key"] = static (file, value) => file.SecretAccessKey = value.Text(),
        ["logging"] = static (file, value) => value.Section().Read(file.Logging, LoggingKeys!),
        ["dbs"] = static (file, value) =>
        {
            foreach (var section in value.Sections())
            {
                var database = new YamlDatabase { Line = section.Line };
                section.Read(database, DatabaseKeys!);
                file.Databases.Add(database);
            }
        },
    };

    private static readonly Dictionary<string, Action<YamlLogging, YamlValue>> LoggingKeys = new(StringComparer.Ordinal)
    {
        ["level"] = static (logging, value) => logging.Level = value.Choice("debug", "info", "warn", "error") ?? logging.Level,
        ["type"] = static (logging, value) => logging.Type = value.Choice("text", "json") ?? logging.Type,
        ["stderr"] = static (logging, value) => logging.ToStandardError = value.Flag() ?? false,
    };

    private static readonly Dictionary<string, Action<YamlDatabase, YamlValue>> DatabaseKeys = new(StringComparer.Ordinal)
    {
        ["path"] = static (database, value) => database.Path = Home(value.Text() ?? ""),
        ["meta-path"] = static (database, value) => database.MetaPath = value.Text(),
        ["monitor-interval"] = static (database, value) => database.MonitorInterval = value.Duration(),
        ["checkpoint-interval"] = static (database, value) => database.CheckpointInterval = value.Duration(),
        ["min-checkpoint-page-count"] = static (database, value) => database.MinCheckpointPageCount = value.Count(),
        ["max-checkpoint-page-count"] = static (database, value) => database.MaxCheckpointPageCount = value.Count(),
        ["replicas"] = static (database, value) =>
        {
            foreach (var section in value.Sections())
            {
                var replica = new YamlReplica { Line = section.Line };
                section.Read(replica, ReplicaKeys!);
                YamlReplicaRules.Check(replica, value.Report);
                database.Replicas.Add(replica);
            }
        },
    };

    private static readonly Dictionary<string, Action<YamlReplica, YamlValue>> ReplicaKeys = new(StringComparer.Ordinal)
    {
        ["type"] = static (replica, value) => replica.GivenType = value.Text(),
        ["name"] = static (replica, value) => replica.GivenName = value.Text(),
        ["path"] = static (replica, value) => replica.Path = value.Text(),
        ["url"] = static (replica, value) => replica.Url = value.Text(),
        ["retention"] = static (replica, value) => replica.Retention = value.Duration(),
        ["retention-check-interval"] = static (replica, value) => replica.RetentionCheckInterval = value.Duration(),
        ["sync-interval"] = static (replica, value) => replica.SyncInterval = value.Duration(),
        ["snapshot-interval"] = static (replica, value) => replica.SnapshotInterval = value.Duration(),
        ["validation-interval"] = static (replica, value) => replica.ValidationInterval = value.Duration(),
        ["access-key-id"] = static (replica, value) => replica.AccessKeyId = value.Text(),
        ["secret-access-key"] = static (replica, value) => replica.SecretAccessKey = value.Text(),
        ["region"] = static (replica, value) => replica.Region = value.Text(),
        ["bucket"] = static (replica, value) => replica.Bucket = value.Text(),
        ["endpoint"] = static (replica, value) => replica.Endpoint = value.Text(),
        ["force-path-style"] = static (replica, value) => replica.ForcePathStyle = value.Flag(),
        ["skip-verify"] = static (replica, value) => replica.SkipVerify = value.Flag() ?? false,
        ["age"] = static (replica, value) => value.Section().Read(replica, AgeKeys!),

        // Of stores that are not supported: known, so that the one error about them is not drowned in warnings.
        ["account-name"] = static (_, _) => { },
        ["account-key"] = static (_, _) => { },
        ["host"] = static (_, _) => { },
        ["user"] = static (_, _) => { },
        ["password"] = static (_, _) => { },
        ["key-path"] = static (_, _) => { },
    };

    private static readonly Dictionary<string, Action<YamlReplica, YamlValue>> AgeKeys = new(StringComparer.Ordinal)
    {
        ["recipients"] = static (replica, value) => replica.IsEncrypted |= HasEntries(value),
        ["identities"] = static (replica, value) => replica.IsEncrypted |= HasEntries(value),
    };

    /// <summary>Reads a file from the disk.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="OptionsValidationException">It is no YAML, or asks for what cannot be done. All failures at once, each with its line.</exception>
    public static YamlFile Read(string path, bool expandEnvironment) =>
        Parse(path, File.ReadAllText(path), expandEnvironment ? Environment.GetEnvironmentVariable : null);

    /// <summary>Reads a file's text.</summary>
    /// <param name="path">Its name, for messages.</param>
    /// <param name="text">What it holds.</param>
    /// <param name="lookup">Finds environment variables; null leaves dollar signs alone.</param>
    public static YamlFile Parse(string path, string text, Func<string, string?>? lookup)
    {
        var report = new YamlReport(path);
        if (lookup is not null)
        {
            text = EnvironmentExpansion.Expand(text, lookup, report);
        }

        var file = new YamlFile { Path = path };
        try
        {
            var yaml = new YamlStream();
            using var reader = new StringReader(text);
            yaml.Load(reader);
            if (yaml.Documents is [var document, ..])
            {
                new YamlSection("", document.RootNode, report).Read(file, RootKeys);
            }
        }
        catch (YamlException exception)
        {
            report.Fail(exception.Start.Line, $"is not valid YAML: {exception.Message}");
        }

        file.Warnings = report.Warnings;
        return report.Errors.Count == 0
            ? file
            : throw new OptionsValidationException(path, typeof(LitestreamOptions), report.Errors);
    }

    private static bool HasEntries(YamlValue value) => value.Node is YamlSequenceNode { Children.Count: > 0 };

    private static string Home(string path) =>
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..]
            : path;
}
