using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>
/// Checks the options as a whole when they are made, so that an application with a mistake in them does not start, and
/// says everything that is wrong at once. Messages carry configuration paths also for options set in code.
/// </summary>
internal sealed class LitestreamOptionsValidator(
    IEnumerable<ConfigurationSource> sources, ReplicaClients clients, ContentRoot contentRoot) : IValidateOptions<LitestreamOptions>
{
    private const string DefaultPath = "Litestream";

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, LitestreamOptions options)
    {
        if (name != Options.DefaultName)
        {
            return ValidateOptionsResult.Skip;
        }

        var unreadable = new ConfigurationErrors();
        foreach (var source in sources)
        {
            source.Bind(new LitestreamOptions(), unreadable);
        }

        var errors = new ConfigurationErrors(unreadable);
        Check(options, errors);
        return errors.Messages.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors.Messages);
    }

    private void Check(LitestreamOptions options, ConfigurationErrors errors)
    {
        // Options from code are named as if they stood in the application's section.
        var root = sources.Select(source => source.Path).FirstOrDefault() ?? DefaultPath;
        DatabaseRules.CheckDuration(At(root, nameof(options.ShutdownSyncTimeout)), options.ShutdownSyncTimeout, zeroAllowed: false, errors);
        CheckCase(At(root, nameof(options.Databases)), options.Databases.Keys, "databases", errors);
        var locations = new LocationRules(errors);
        foreach (var (name, database) in options.Databases.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            CheckDatabase(At(root, nameof(options.Databases), name), name, database, locations, errors);
        }
    }

    private void CheckDatabase(string at, string name, DatabaseOptions? database, LocationRules locations, ConfigurationErrors errors)
    {
        if (database is null)
        {
            errors.Add(at, "must not be null");
            return;
        }

        CheckCase(At(at, nameof(database.Replicas)), database.Replicas.Keys, "replicas", errors);
        var paths = DatabaseRules.Check(at, name, database, errors) ? Resolve(at, database, errors) : null;
        if (paths is { } found)
        {
            locations.AddDatabase(at, found);
        }

        foreach (var (replicaName, replica) in database.Replicas.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            CheckReplica(At(at, nameof(database.Replicas), replicaName), name, replicaName, replica, paths, locations, errors);
        }
    }

    private DatabasePaths? Resolve(string at, DatabaseOptions database, ConfigurationErrors errors)
    {
        try
        {
            return DatabasePaths.Resolve(contentRoot, database);
        }
        catch (Exception e) when (e is LitestreamException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            errors.Add(At(at, nameof(database.Path)), $"cannot be used: {e.Message}");
            return null;
        }
    }

    private void CheckReplica(
        string at, string databaseName, string replicaName, ReplicaOptions? replica, DatabasePaths? paths, LocationRules locations, ConfigurationErrors errors)
    {
        if (replica is null)
        {
            errors.Add(at, "must not be null");
            return;
        }

        DatabaseRules.CheckName(at, replicaName, "replica", errors);
        ReplicaRules.Check(at, replica, errors);
        var url = At(at, nameof(replica.Url));
        if (ReplicaUrl.Problem(replica.Url, clients.Schemes) is { } problem)
        {
            errors.Add(url, problem);
        }
        else if (paths is { } found)
        {
            try
            {
                locations.AddReplica(url, clients.Get(databaseName, found.Path, replicaName, replica.Url).Location, contentRoot);
            }
            catch (OptionsValidationException e)
            {
                // A store's own options, each failure with its own path.
                foreach (var failure in e.Failures)
                {
                    errors.Add("", failure);
                }
            }
            catch (Exception e) when (e is ArgumentException or LitestreamException or IOException or UnauthorizedAccessException)
            {
                errors.Add(url, e.Message);
            }
        }
    }

    // Configuration cannot tell 'App' from 'app', so neither may code.
    private static void CheckCase(string at, IEnumerable<string> names, string kind, ConfigurationErrors errors)
    {
        foreach (var same in names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            errors.Add(at, $"the {kind} {string.Join(" and ", same.Order(StringComparer.Ordinal).Select(name => $"'{name}'"))} differ in case only");
        }
    }

    private static string At(params ReadOnlySpan<string> parts)
    {
        var path = parts[0];
        foreach (var part in parts[1..])
        {
            path = path.Length == 0 ? part : ConfigurationPath.Combine(path, part);
        }

        return path;
    }
}
