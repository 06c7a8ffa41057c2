using Amazon.S3;
using Litestream;
using Litestream.S3;
using Litestream.S3.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds replicas on AWS S3 and on all stores that speak its protocol.</summary>
public static class LitestreamS3BuilderExtensions
{
    /// <summary>
    /// Serves replica URLs that begin with <c>s3://</c>. Options come from the configuration sections <c>Litestream:S3</c>
    /// and <c>…:Replicas:NAME:S3</c>, keys also from the environment. May be called any number of times.
    /// </summary>
    /// <param name="builder">What <c>AddLitestream</c> returned.</param>
    /// <returns>The builder.</returns>
    public static ILitestreamBuilder AddS3(this ILitestreamBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton(static provider => new S3ReplicaClientFactory(
            provider.GetServices<S3OptionsChange>(),
            provider.GetService<IConfiguration>(),
            provider.GetService<IAmazonS3>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ILogger<S3ReplicaClient>>() ?? NullLogger<S3ReplicaClient>.Instance));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IReplicaClientFactory, S3ReplicaClientFactory>(
            static provider => provider.GetRequiredService<S3ReplicaClientFactory>()));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, S3StartupProbe>(
            static provider => new S3StartupProbe(
                provider.GetRequiredService<S3ReplicaClientFactory>(),
                provider.GetService<ILogger<S3ReplicaClient>>() ?? NullLogger<S3ReplicaClient>.Instance)));
        return builder;
    }

    /// <summary>The same, with options in code for all replicas on S3. They win over <c>Litestream:S3</c>.</summary>
    /// <param name="builder">What <c>AddLitestream</c> returned.</param>
    /// <param name="configure">Sets options.</param>
    /// <returns>The builder.</returns>
    public static ILitestreamBuilder AddS3(this ILitestreamBuilder builder, Action<S3ReplicaOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        builder.AddS3().Services.AddSingleton(new S3OptionsChange(null, configure));
        return builder;
    }

    /// <summary>The same, with options in code for the replicas of one name. They win over everything else.</summary>
    /// <param name="builder">What <c>AddLitestream</c> returned.</param>
    /// <param name="replicaName">The name of the replica, as in <c>DatabaseOptions.Replicas</c>.</param>
    /// <param name="configure">Sets options.</param>
    /// <returns>The builder.</returns>
    public static ILitestreamBuilder AddS3(this ILitestreamBuilder builder, string replicaName, Action<S3ReplicaOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(replicaName);
        ArgumentNullException.ThrowIfNull(configure);
        builder.AddS3().Services.AddSingleton(new S3OptionsChange(replicaName, configure));
        return builder;
    }
}
