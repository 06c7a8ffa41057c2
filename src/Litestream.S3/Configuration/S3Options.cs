using Litestream.Hosting;
using Microsoft.Extensions.Configuration;

namespace Litestream.S3.Configuration;

/// <summary>
/// Puts the options of one replica together: first what holds for all, from <c>Litestream:S3</c> and then from code, then
/// what holds for this one, from its own section and then from code. Configuration is read strictly.
/// </summary>
internal static class S3Options
{
    public const string Section = "S3";

    private const string DefaultPath = "Litestream";

    private static readonly Dictionary<string, Action<S3ReplicaOptions, ConfigurationValue>> Keys = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(S3ReplicaOptions.Region)] = static (o, v) => o.Region = v.OptionalText(o.Region),
        [nameof(S3ReplicaOptions.Endpoint)] = static (o, v) => o.Endpoint = v.OptionalText(o.Endpoint),
        [nameof(S3ReplicaOptions.ForcePathStyle)] = static (o, v) => o.ForcePathStyle = v.Flag(o.ForcePathStyle ?? false),
        [nameof(S3ReplicaOptions.AccessKeyId)] = static (o, v) => o.AccessKeyId = v.OptionalText(o.AccessKeyId),
        [nameof(S3ReplicaOptions.SecretAccessKey)] = static (o, v) => o.SecretAccessKey = v.OptionalText(o.SecretAccessKey),
        [nameof(S3ReplicaOptions.SessionToken)] = static (o, v) => o.SessionToken = v.OptionalText(o.SessionToken),
        [nameof(S3ReplicaOptions.PartSize)] = static (o, v) => o.PartSize = v.Size(o.PartSize),
        [nameof(S3ReplicaOptions.MaxConcurrentRequests)] = static (o, v) => o.MaxConcurrentRequests = v.Count(o.MaxConcurrentRequests ?? 1),
        [nameof(S3ReplicaOptions.MaxRequestsPerSecond)] = static (o, v) => o.MaxRequestsPerSecond = v.Count(o.MaxRequestsPerSecond ?? 1),
        [nameof(S3ReplicaOptions.UploadBytesPerSecond)] = static (o, v) => o.UploadBytesPerSecond = v.Size(o.UploadBytesPerSecond ?? long.MaxValue),
        [nameof(S3ReplicaOptions.DownloadBytesPerSecond)] = static (o, v) => o.DownloadBytesPerSecond = v.Size(o.DownloadBytesPerSecond ?? long.MaxValue),
        [nameof(S3ReplicaOptions.RequestTimeout)] = static (o, v) => o.RequestTimeout = v.Duration(o.RequestTimeout),
        [nameof(S3ReplicaOptions.ProbeOnStart)] = static (o, v) => o.ProbeOnStart = v.Flag(o.ProbeOnStart),
    };

    public static S3ReplicaOptions Read(
        ReplicaClientContext context, IConfiguration? application, IEnumerable<S3OptionsChange> changes, List<string> errors)
    {
        var options = new S3ReplicaOptions();
        var found = new ConfigurationErrors();
        var all = context.RootConfiguration ?? application?.GetSection(DefaultPath);
        Bind(all?.GetSection(Section), options, found);
        foreach (var change in changes.Where(change => change.ReplicaName is null))
        {
            change.Configure(options);
        }

        Bind(context.Configuration?.GetSection(Section), options, found);
        foreach (var change in changes.Where(change => change.ReplicaName == context.ReplicaName))
        {
            change.Configure(options);
        }

        errors.AddRange(found.Messages);
        return options;
    }

    private static void Bind(IConfigurationSection? section, S3ReplicaOptions options, ConfigurationErrors errors)
    {
        if (section is null)
        {
            return;
        }

        if (!string.IsNullOrEmpty(section.Value))
        {
            errors.Add(section.Path, "is a section with options, not a single value");
        }

        foreach (var child in section.GetChildren())
        {
            if (Keys.TryGetValue(child.Key, out var set))
            {
                set(options, new ConfigurationValue(child, errors));
                continue;
            }

            var known = Keys.Keys.Order(StringComparer.Ordinal).ToList();
            var hint = KeySuggestion.For(child.Key, known) is { } near ? $"did you mean '{near}'?" : $"known here: {string.Join(", ", known)}";
            errors.Add(child.Path, $"is an unknown key; {hint}");
        }
    }
}
