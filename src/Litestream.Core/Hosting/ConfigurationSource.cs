using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Litestream.Hosting;

/// <summary>
/// A configuration section that <c>AddLitestream</c> was given, bound to the options strictly: a key that does not exist
/// or a value that makes no sense is an error. Written by hand, since the framework's binder ignores unknown keys and
/// reads <c>24:00:00</c> as 24 days.
/// </summary>
/// <remarks>
/// Read when the options are made, not when <c>AddLitestream</c> is called, so that sources added in between (a test's
/// settings, say) are seen.
/// </remarks>
internal sealed class ConfigurationSource(IConfiguration configuration)
    : IConfigureOptions<LitestreamOptions>, IOptionsChangeTokenSource<LitestreamOptions>
{
    private const string DatabasesKey = nameof(LitestreamOptions.Databases);
    private const string ReplicasKey = nameof(DatabaseOptions.Replicas);

    // Read by the package Litestream.S3, which checks it as strictly.
    private const string S3Key = "S3";

    private static readonly Dictionary<string, Action<LitestreamOptions, ConfigurationValue>> RootKeys = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(LitestreamOptions.ShutdownSyncTimeout)] = static (o, v) => o.ShutdownSyncTimeout = v.Duration(o.ShutdownSyncTimeout),
        [nameof(LitestreamOptions.ReleaseOnStop)] = static (o, v) => o.ReleaseOnStop = v.Flag(o.ReleaseOnStop),
    };

    private static readonly Dictionary<string, Action<DatabaseOptions, ConfigurationValue>> DatabaseKeys = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(DatabaseOptions.Path)] = static (o, v) => o.Path = v.Text(o.Path),
        [nameof(DatabaseOptions.MetaPath)] = static (o, v) => o.MetaPath = v.OptionalText(o.MetaPath),
        [nameof(DatabaseOptions.RestorePolicy)] = static (o, v) => o.RestorePolicy = v.Choice(o.RestorePolicy),
        [nameof(DatabaseOptions.MonitorInterval)] = static (o, v) => o.MonitorInterval = v.Duration(o.MonitorInterval),
        [nameof(DatabaseOptions.CheckpointInterval)] = static (o, v) => o.CheckpointInterval = v.Duration(o.CheckpointInterval),
        [nameof(DatabaseOptions.MinCheckpointPages)] = static (o, v) => o.MinCheckpointPages = v.Count(o.MinCheckpointPages),
        [nameof(DatabaseOptions.MaxCheckpointPages)] = static (o, v) => o.MaxCheckpointPages = v.Count(o.MaxCheckpointPages),
        [nameof(DatabaseOptions.BusyTimeout)] = static (o, v) => o.BusyTimeout = v.Duration(o.BusyTimeout),
        [nameof(DatabaseOptions.ShadowLimit)] = static (o, v) => o.ShadowLimit = v.Size(o.ShadowLimit),
    };

    private static readonly Dictionary<string, Action<ReplicaOptions, ConfigurationValue>> ReplicaKeys = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(ReplicaOptions.Url)] = static (o, v) => o.Url = v.Text(o.Url),
        [nameof(ReplicaOptions.SyncInterval)] = static (o, v) => o.SyncInterval = v.Duration(o.SyncInterval),
        [nameof(ReplicaOptions.SnapshotInterval)] = static (o, v) => o.SnapshotInterval = v.OptionalDuration(o.SnapshotInterval),
        [nameof(ReplicaOptions.Retention)] = static (o, v) => o.Retention = v.OptionalDuration(o.Retention),
        [nameof(ReplicaOptions.RetentionCheckInterval)] = static (o, v) => o.RetentionCheckInterval = v.Duration(o.RetentionCheckInterval),
        [nameof(ReplicaOptions.ReplicaCheckInterval)] = static (o, v) => o.ReplicaCheckInterval = v.Duration(o.ReplicaCheckInterval),
        [nameof(ReplicaOptions.VerificationInterval)] = static (o, v) => o.VerificationInterval = v.OptionalDuration(o.VerificationInterval),
    };

    /// <summary>The section itself, for what the packages of stores read in it.</summary>
    public IConfiguration Configuration => configuration;

    /// <inheritdoc/>
    string? IOptionsChangeTokenSource<LitestreamOptions>.Name => Microsoft.Extensions.Options.Options.DefaultName;

    /// <summary>The path of the section; empty for a configuration of its own.</summary>
    public string Path => (configuration as IConfigurationSection)?.Path ?? "";

    /// <inheritdoc/>
    IChangeToken IOptionsChangeTokenSource<LitestreamOptions>.GetChangeToken() => configuration.GetReloadToken();

    /// <inheritdoc/>
    /// <remarks>Errors are the validator's to report, which binds once more for them: configuring cannot fail.</remarks>
    public void Configure(LitestreamOptions options) => Bind(options, new ConfigurationErrors());

    /// <summary>Sets what is configured and reports what cannot be.</summary>
    public void Bind(LitestreamOptions options, ConfigurationErrors errors)
    {
        if (configuration is IConfigurationSection { Value.Length: > 0 } value)
        {
            errors.Add(value.Path, "is a section, not a single value");
            return;
        }

        var children = configuration.GetChildren().ToList();
        if (Path.Length == 0 && children.Exists(child => !IsRootKey(child.Key)))
        {
            errors.Add("", "AddLitestream was given the whole configuration; pass its section, such as configuration.GetSection(\"Litestream\")");
            return;
        }

        foreach (var child in children)
        {
            if (Is(child, DatabasesKey))
            {
                EachSection(child, errors, "databases by name", section => BindDatabase(section, options, errors));
            }
            else if (!Is(child, S3Key))
            {
                Set(RootKeys, options, child, errors, DatabasesKey);
            }
        }
    }

    /// <summary>The section of one replica, if it is in this configuration.</summary>
    public IConfigurationSection? FindReplica(string databaseName, string replicaName)
    {
        var section = configuration.GetSection(ConfigurationPath.Combine(DatabasesKey, databaseName, ReplicasKey, replicaName));
        return section.Exists() ? section : null;
    }

    private static void BindDatabase(IConfigurationSection section, LitestreamOptions options, ConfigurationErrors errors)
    {
        var database = FindOrAdd(options.Databases, section.Key, static () => new DatabaseOptions());
        foreach (var child in section.GetChildren())
        {
            if (Is(child, ReplicasKey))
            {
                EachSection(child, errors, "replicas by name", replica => BindReplica(replica, database, errors));
            }
            else
            {
                Set(DatabaseKeys, database, child, errors, ReplicasKey);
            }
        }
    }

    private static void BindReplica(IConfigurationSection section, DatabaseOptions database, ConfigurationErrors errors)
    {
        var replica = FindOrAdd(database.Replicas, section.Key, static () => new ReplicaOptions());
        foreach (var child in section.GetChildren())
        {
            if (!Is(child, S3Key))
            {
                Set(ReplicaKeys, replica, child, errors, S3Key);
            }
        }
    }

    private static void EachSection(IConfigurationSection parent, ConfigurationErrors errors, string what, Action<IConfigurationSection> bind)
    {
        if (!string.IsNullOrEmpty(parent.Value))
        {
            errors.Add(parent.Path, $"is a section that holds {what}, not a single value");
        }

        foreach (var child in parent.GetChildren())
        {
            if (string.IsNullOrEmpty(child.Value))
            {
                bind(child);
            }
            else
            {
                errors.Add(child.Path, "is a section with options, not a single value");
            }
        }
    }

    private static void Set<T>(
        Dictionary<string, Action<T, ConfigurationValue>> keys, T options, IConfigurationSection child, ConfigurationErrors errors, string sectionKey)
    {
        if (keys.TryGetValue(child.Key, out var set))
        {
            set(options, new ConfigurationValue(child, errors));
            return;
        }

        var known = keys.Keys.Append(sectionKey).Order(StringComparer.Ordinal).ToList();
        var hint = KeySuggestion.For(child.Key, known) is { } near ? $"did you mean '{near}'?"
            : OtherPlace(child.Key) is { } place ? $"it belongs {place}"
            : $"known here: {string.Join(", ", known)}";
        errors.Add(child.Path, $"is an unknown key; {hint}");
    }

    private static string? OtherPlace(string key) =>
        RootKeys.ContainsKey(key) || Same(key, DatabasesKey) ? "at the top"
        : DatabaseKeys.ContainsKey(key) || Same(key, ReplicasKey) ? "under Databases:NAME"
        : ReplicaKeys.ContainsKey(key) || Same(key, S3Key) ? "under Databases:NAME:Replicas:NAME"
        : null;

    // Configuration keys have no case: 'App' here configures what code named 'app'.
    private static T FindOrAdd<T>(IDictionary<string, T> byName, string name, Func<T> create)
    {
        foreach (var (existing, value) in byName)
        {
            if (Same(existing, name))
            {
                return value;
            }
        }

        return byName[name] = create();
    }

    private static bool IsRootKey(string key) => RootKeys.ContainsKey(key) || Same(key, DatabasesKey) || Same(key, S3Key);

    private static bool Is(IConfigurationSection section, string key) => Same(section.Key, key);

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
