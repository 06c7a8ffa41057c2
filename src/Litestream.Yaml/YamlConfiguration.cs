using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Litestream.Yaml;

/// <summary>Turns the file into the configuration section that <c>AddLitestream</c> and the packages of stores read.</summary>
internal static class YamlConfiguration
{
    private const string Root = "Litestream";

    /// <summary>The section for all databases of the file.</summary>
    /// <exception cref="OptionsValidationException">The file asks for what cannot be done; each failure with its line.</exception>
    public static IConfigurationSection Create(YamlFile file) => Create(file, file.Databases);

    /// <summary>The section for some databases of the file.</summary>
    public static IConfigurationSection Create(YamlFile file, IEnumerable<YamlDatabase> databases)
    {
        var report = new YamlReport(file.Path);
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var database in databases)
        {
            var at = $"{Root}:Databases:{NameOf(database.Path, names)}";
            Add(settings, at, database);
            var replicaNames = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (var replica in database.Replicas)
            {
                if (YamlReplicaRules.Problem(replica) is { } problem)
                {
                    report.Fail(replica.Line, problem);
                }

                if (!replicaNames.Add(replica.Name))
                {
                    report.Fail(replica.Line, $"a second replica of '{database.Path}' is named '{replica.Name}'; give each a name of its own");
                }

                Add(settings, $"{at}:Replicas:{replica.Name}", file, replica);
            }
        }

        return report.Errors.Count > 0
            ? throw new OptionsValidationException(file.Path, typeof(LitestreamOptions), report.Errors)
            : new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection(Root);
    }

    /// <summary>The section of one replica, and the one that holds it.</summary>
    public static (IConfigurationSection Replica, IConfigurationSection Root) Create(YamlFile file, YamlReplica replica)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Add(settings, $"{Root}:Replica", file, replica);
        var root = new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection(Root);
        return (root.GetSection("Replica"), root);
    }

    /// <summary>Where the replica lies, in one URL.</summary>
    public static string UrlOf(YamlReplica replica)
    {
        if (replica.Url is { } url)
        {
            return ReplicaUrlText.Absolute(url);
        }

        return replica.Type == YamlReplica.S3
            ? $"s3://{replica.Bucket}/{Escape(replica.Path ?? "")}"
            : replica.Path ?? "";
    }

    private static void Add(Dictionary<string, string?> settings, string at, YamlDatabase database)
    {
        settings[$"{at}:Path"] = database.Path;

        // Beside that of the program litestream, never the same: the two would delete each other's generations.
        Set(settings, $"{at}:MetaPath", database.MetaPath is { } path ? Path.TrimEndingDirectorySeparator(path) + "-net" : null);
        Set(settings, $"{at}:MonitorInterval", Text(database.MonitorInterval));
        Set(settings, $"{at}:CheckpointInterval", Text(database.CheckpointInterval));
        var (min, max) = (database.MinCheckpointPageCount, database.MaxCheckpointPageCount);
        Set(settings, $"{at}:MinCheckpointPages", Text(min));

        // 0 is Litestream's way to switch the checkpoint that blocks off; a limit below the other has no meaning of its own.
        Set(settings, $"{at}:MaxCheckpointPages", Text(max == 0 ? int.MaxValue : max < min ? min : max));
        if (max is null && min > new DatabaseOptions().MaxCheckpointPages)
        {
            settings[$"{at}:MaxCheckpointPages"] = Text(min);
        }
    }

    private static void Add(Dictionary<string, string?> settings, string at, YamlFile file, YamlReplica replica)
    {
        settings[$"{at}:Url"] = UrlOf(replica);
        Set(settings, $"{at}:SyncInterval", Text(replica.SyncInterval));
        Set(settings, $"{at}:VerificationInterval", TextOrOff(replica.ValidationInterval));

        Set(settings, $"{at}:Retention", TextOrOff(replica.Retention));
        Set(settings, $"{at}:RetentionCheckInterval", replica.RetentionCheckInterval > TimeSpan.Zero ? Text(replica.RetentionCheckInterval) : null);

        // Litestream without an interval takes a snapshot when the retention would leave none, and none where nothing is deleted.
        Set(settings, $"{at}:SnapshotInterval",
            replica.SnapshotInterval > TimeSpan.Zero ? Text(replica.SnapshotInterval)
            : replica.Retention <= TimeSpan.Zero ? "off"
            : null);
        if (replica.Type != YamlReplica.S3)
        {
            return;
        }

        var store = $"{at}:S3";
        Set(settings, $"{store}:Region", replica.Region);
        Set(settings, $"{store}:Endpoint", replica.Endpoint);
        Set(settings, $"{store}:ForcePathStyle", replica.ForcePathStyle is { } style ? (style ? "true" : "false") : null);
        Set(settings, $"{store}:AccessKeyId", replica.AccessKeyId ?? file.AccessKeyId);
        Set(settings, $"{store}:SecretAccessKey", replica.SecretAccessKey ?? file.SecretAccessKey);
    }

    private static void Set(Dictionary<string, string?> settings, string key, string? value)
    {
        if (value is not null)
        {
            settings[key] = value;
        }
    }

    // The file knows databases by path; the library by name, which is part of configuration paths and metrics.
    private static string NameOf(string path, HashSet<string> taken)
    {
        var name = Path.GetFileNameWithoutExtension(path).Replace(':', '-');
        name = name.Length == 0 ? "database" : name;
        for (var number = 2; !taken.Add(name); number++)
        {
            name = $"{Path.GetFileNameWithoutExtension(path).Replace(':', '-')}-{number.ToString(CultureInfo.InvariantCulture)}";
        }

        return name;
    }

    private static string? Text(TimeSpan? duration) => duration?.ToString("c", CultureInfo.InvariantCulture);

    private static string? TextOrOff(TimeSpan? duration) => duration <= TimeSpan.Zero ? "off" : Text(duration);

    private static string? Text(int? count) => count?.ToString(CultureInfo.InvariantCulture);

    // What a URL would take for something else.
    private static string Escape(string path) => path
        .Replace("%", "%25", StringComparison.Ordinal)
        .Replace("?", "%3F", StringComparison.Ordinal)
        .Replace("#", "%23", StringComparison.Ordinal);
}
