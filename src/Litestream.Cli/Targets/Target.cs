using Litestream.Cli.Output;
using Litestream.Yaml;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Litestream.Cli.Targets;

/// <summary>
/// What a command looks at: one replica by its URL, or a database of the configuration file with its replicas. Owns the
/// clients.
/// </summary>
internal sealed class Target : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private Target(ServiceProvider services, string? databasePath, IReadOnlyList<NamedReplica> replicas)
    {
        _services = services;
        DatabasePath = databasePath;
        Replicas = replicas;
    }

    /// <summary>The database's full path; null for a replica by its URL.</summary>
    public string? DatabasePath { get; }

    /// <summary>All replicas, in the order of the file.</summary>
    public IReadOnlyList<NamedReplica> Replicas { get; }

    /// <summary>Finds what the command line names.</summary>
    /// <exception cref="ToolException">It names nothing, or nothing that can be used.</exception>
    public static async Task<Target> OpenAsync(TargetArguments arguments, Screen screen)
    {
        if (arguments.Name is not { Length: > 0 } name)
        {
            throw new ToolException("database path or replica URL required", "name a database of the config file, or a replica such as s3://bucket/path or file:///folder");
        }

        if (name[0] == '-')
        {
            throw new ToolException($"flag provided but not defined: {name}", "-h shows the flags; a path that begins with '-' is written ./-path");
        }

        // Only factories of clients are used of all this: nothing is started.
        var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddLitestream().AddS3().Services
            .BuildServiceProvider();
        try
        {
            return ReplicaUrlText.IsUrl(name)
                ? OpenUrl(services, name, arguments)
                : OpenDatabase(services, name, arguments, screen);
        }
        catch
        {
            await services.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var replica in Replicas)
        {
            await replica.Client.DisposeAsync().ConfigureAwait(false);
        }

        await _services.DisposeAsync().ConfigureAwait(false);
    }

    private static Target OpenUrl(ServiceProvider services, string url, TargetArguments arguments)
    {
        if (!string.IsNullOrEmpty(arguments.ConfigPath))
        {
            throw new ToolException("cannot specify a replica URL and the -config flag", "leave out one of them; with -config give the path of a database");
        }

        var type = url[..url.IndexOf("://", StringComparison.Ordinal)].ToLowerInvariant();
        var client = Create(services, new ReplicaClientContext
        {
            DatabaseName = "",
            ReplicaName = type,
            Url = ReplicaUrlText.Absolute(url),
            ContentRoot = Environment.CurrentDirectory,
        }, type);
        return new Target(services, null, [new NamedReplica(type, client)]);
    }

    private static Target OpenDatabase(ServiceProvider services, string name, TargetArguments arguments, Screen screen)
    {
        var file = ConfigFile.Read(arguments.ConfigPath, arguments.ExpandEnvironment, screen);
        var path = ConfigFile.FullPath(name);
        var database = file.Databases.FirstOrDefault(one => ConfigFile.FullPath(one.Path) == path)
            ?? throw new ToolException(
                $"database not found in config: {path}",
                file.Databases.Count == 0 ? $"'{file.Path}' lists no databases" : $"there are: {string.Join(", ", file.Databases.Select(one => ConfigFile.FullPath(one.Path)))}");
        var wanted = database.Replicas.Where(replica => arguments.Replica is null || replica.Name == arguments.Replica).ToList();
        if (wanted.Count == 0 && arguments.Replica is { } missing)
        {
            throw new ToolException(
                $"replica \"{missing}\" not found for database \"{path}\"",
                database.Replicas.Count == 0 ? "it has none" : $"there are: {string.Join(", ", database.Replicas.Select(replica => replica.Name))}");
        }

        return new Target(services, path, [.. wanted.Select(replica => new NamedReplica(replica.Name, Create(services, path, file, replica)))]);
    }

    private static IReplicaClient Create(ServiceProvider services, string databasePath, YamlFile file, YamlReplica replica)
    {
        if (YamlReplicaRules.Problem(replica) is { } problem)
        {
            throw new ToolException($"the replica \"{replica.Name}\" of \"{databasePath}\" cannot be used: {problem}", "name another with -replica");
        }

        var (section, root) = YamlConfiguration.Create(file, replica);
        return Create(services, new ReplicaClientContext
        {
            DatabaseName = Path.GetFileNameWithoutExtension(databasePath),
            ReplicaName = replica.Name,
            Url = YamlConfiguration.UrlOf(replica),
            ContentRoot = Environment.CurrentDirectory,
            DatabasePath = databasePath,
            Configuration = section,
            RootConfiguration = root,
        }, replica.Type);
    }

    private static IReplicaClient Create(ServiceProvider services, ReplicaClientContext context, string type)
    {
        var factories = services.GetServices<IReplicaClientFactory>().ToList();
        var factory = factories.FirstOrDefault(one => one.Schemes.Contains(type))
            ?? throw new ToolException(
                $"unknown replica type: \"{type}\"", $"there are: {string.Join(", ", factories.SelectMany(one => one.Schemes).Order(StringComparer.Ordinal))}");
        try
        {
            return factory.Create(context);
        }
        catch (OptionsValidationException exception)
        {
            throw new ToolException(string.Join(Environment.NewLine, exception.Failures), innerException: exception);
        }
        catch (ArgumentException exception)
        {
            throw new ToolException(exception.Message, "write s3://bucket/path or file:///full/path", exception);
        }
    }
}
