using Litestream;
using Litestream.Yaml;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the replication of SQLite databases as a litestream.yml describes it.</summary>
public static class LitestreamYamlServiceCollectionExtensions
{
    /// <summary>
    /// Adds the replication and configures it from Litestream's configuration file, with environment variables expanded.
    /// A database is named as its file without extension, a replica as its <c>name</c>, or else its type. What is said in
    /// the file about keys that do not exist and numbers without a unit goes to the log as warnings.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="path">The file, relative to the current directory.</param>
    /// <returns>A builder, for packages with more stores.</returns>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="OptionsValidationException">The file is no YAML or asks for what cannot be done; all failures at once, each with its line.</exception>
    public static ILitestreamBuilder AddLitestreamYaml(this IServiceCollection services, string path) =>
        services.AddLitestreamYaml(path, expandEnvironment: true);

    /// <summary>The same, with the choice whether dollar signs name environment variables.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="path">The file, relative to the current directory.</param>
    /// <param name="expandEnvironment">False leaves dollar signs alone.</param>
    /// <returns>A builder, for packages with more stores.</returns>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="OptionsValidationException">The file is no YAML or asks for what cannot be done; all failures at once, each with its line.</exception>
    public static ILitestreamBuilder AddLitestreamYaml(this IServiceCollection services, string path, bool expandEnvironment)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var file = YamlReader.Read(Path.GetFullPath(path), expandEnvironment);
        var builder = services.AddLitestream(YamlConfiguration.Create(file));
        services.AddSingleton<IHostedService>(provider => new YamlRemarks(
            file, provider.GetService<ILoggerFactory>()?.CreateLogger("Litestream.Yaml") ?? NullLogger.Instance));
        return builder;
    }
}
