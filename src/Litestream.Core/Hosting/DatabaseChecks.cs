using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>Checks the options of one database and its replicas, and what is where, in the same way at start and at run time.</summary>
internal sealed class DatabaseChecks(IEnumerable<ConfigurationSource> sources, ReplicaClients clients, ContentRoot contentRoot)
{
    private const string DefaultPath = "Litestream";

    /// <summary>The path of the options: those from code are named as if they stood in the application's section.</summary>
    public string Root { get; } = sources.Select(source => source.Path).FirstOrDefault() ?? DefaultPath;

    /// <summary>The path of the options of one database.</summary>
    public string AtDatabase(string name) => At(Root, nameof(LitestreamOptions.Databases), name);

    /// <summary>Checks all of it, and takes its places, whatever is wrong.</summary>
    /// <returns>Its places; null if its paths make no sense.</returns>
    public DatabasePlaces? Check(string name, DatabaseOptions? database, LocationRules locations, ConfigurationErrors errors)
    {
        var at = AtDatabase(name);
        if (database is null)
        {
            errors.Add(at, "must not be null");
            return null;
        }

        CheckCase(At(at, nameof(database.Replicas)), database.Replicas.Keys, "replicas", errors);
        var paths = DatabaseRules.Check(at, name, database, errors) ? Resolve(at, database, errors) : null;
        var places = paths is { } found ? locations.AddDatabase(at, found, errors) : null;
        foreach (var (replicaName, replica) in database.Replicas.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            CheckReplica(At(at, nameof(database.Replicas), replicaName), name, replicaName, replica, paths, Locate, errors);
        }

        return places;

        void Locate(string url, Uri location) => locations.AddReplica(places!, url, location, contentRoot, errors);
    }

    /// <summary>Configuration cannot tell 'App' from 'app', so neither may code.</summary>
    public static void CheckCase(string at, IEnumerable<string> names, string kind, ConfigurationErrors errors)
    {
        foreach (var same in names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            errors.Add(at, $"the {kind} {string.Join(" and ", same.Order(StringComparer.Ordinal).Select(name => $"'{name}'"))} differ in case only");
        }
    }

    /// <summary>A path in the options.</summary>
    public static string At(params ReadOnlySpan<string> parts)
    {
        var path = parts[0];
        foreach (var part in parts[1..])
        {
            path = path.Length == 0 ? part : ConfigurationPath.Combine(path, part);
        }

        return path;
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
        string at, string databaseName, string replicaName, ReplicaOptions? replica, DatabasePaths? paths, Action<string, Uri> locate, ConfigurationErrors errors)
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
                locate(url, clients.Get(databaseName, found.Path, replicaName, replica.Url).Location);
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
}
