using System.Diagnostics.Metrics;
using Litestream;
using Litestream.Diagnostics;
using Litestream.Hosting;
using Litestream.Replication;
using Litestream.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the replication of SQLite databases to an application's services.</summary>
public static class LitestreamServiceCollectionExtensions
{
    /// <summary>
    /// Adds the replication. May be called any number of times; nothing is added twice. Databases are named through
    /// <c>services.Configure&lt;LitestreamOptions&gt;</c> or one of the other overloads.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <returns>A builder, for packages with more stores.</returns>
    public static ILitestreamBuilder AddLitestream(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static provider =>
            new ContentRoot(provider.GetService<IHostEnvironment>()?.ContentRootPath ?? Environment.CurrentDirectory));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IReplicaClientFactory, FileReplicaClientFactory>());
        services.TryAddSingleton<ReplicaClients>();
        services.TryAddSingleton<DatabaseDefinitions>();
        services.TryAddSingleton<DatabaseChecks>();
        services.TryAddSingleton<DatabaseMaker>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<LitestreamOptions>, LitestreamOptionsValidator>());
        services.TryAddSingleton<IWalWatcher>(WalWatcher.Shared);
        services.TryAddSingleton(static provider => new LitestreamMetrics(provider.GetService<IMeterFactory>()));
        services.TryAddSingleton(static provider =>
            new StateChanges(provider.GetService<ILogger<LitestreamHost>>() ?? NullLogger<LitestreamHost>.Instance));
        services.TryAddSingleton<IDatabaseEngineFactory>(static provider => new DatabaseEngineFactory(
            provider.GetRequiredService<IWalWatcher>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance,
            provider.GetRequiredService<LitestreamMetrics>(),
            provider.GetRequiredService<StateChanges>()));
        services.TryAddSingleton(static provider => new OptionsReload(
            provider.GetRequiredService<IOptions<LitestreamOptions>>(),
            provider.GetRequiredService<IOptionsFactory<LitestreamOptions>>(),
            provider.GetServices<IOptionsChangeTokenSource<LitestreamOptions>>(),
            provider.GetServices<ConfigurationSource>(),
            provider.GetService<ILogger<LitestreamHost>>() ?? NullLogger<LitestreamHost>.Instance));
        services.TryAddSingleton(static provider => new LitestreamHost(
            provider.GetRequiredService<OptionsReload>(),
            provider.GetRequiredService<DatabaseMaker>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<StateChanges>(),
            provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance));
        services.TryAddSingleton<ILitestream>(static provider => provider.GetRequiredService<LitestreamHost>());

        // Transient, so that the container neither caches nor disposes what belongs to ILitestream.
        services.TryAddKeyedTransient<ILitestreamDatabase>(
            KeyedService.AnyKey,
            static (provider, key) => provider.GetRequiredService<ILitestream>().GetDatabase(key as string ?? ""));
        AddHostedService(services);
        return new LitestreamBuilder(services);
    }

    /// <summary>Adds the replication and configures it in code. May be called any number of times.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Adds databases and sets options.</param>
    /// <returns>A builder, for packages with more stores.</returns>
    public static ILitestreamBuilder AddLitestream(this IServiceCollection services, Action<LitestreamOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = services.AddLitestream();
        services.Configure(configure);
        return builder;
    }

    /// <summary>
    /// Adds the replication and configures it from a configuration section, strictly: an unknown key or a value that
    /// makes no sense stops the start of the application. May be called any number of times.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="section">The section that holds <c>Databases</c>, usually <c>configuration.GetSection("Litestream")</c>.</param>
    /// <returns>A builder, for packages with more stores.</returns>
    public static ILitestreamBuilder AddLitestream(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        var builder = services.AddLitestream();
        var source = new ConfigurationSource(section);
        services.AddSingleton(source);
        services.AddSingleton<IConfigureOptions<LitestreamOptions>>(source);
        services.AddSingleton<IOptionsChangeTokenSource<LitestreamOptions>>(source);
        return builder;
    }

    // First in the list: hosted services start in its order and stop in the reverse.
    private static void AddHostedService(IServiceCollection services)
    {
        foreach (var service in services)
        {
            if (service.ServiceType == typeof(IHostedService) && !service.IsKeyedService
                && service.ImplementationType == typeof(LitestreamHostedService))
            {
                return;
            }
        }

        services.Insert(0, ServiceDescriptor.Singleton<IHostedService, LitestreamHostedService>());
    }
}
