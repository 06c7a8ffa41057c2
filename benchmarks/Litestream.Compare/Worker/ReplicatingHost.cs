using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.Compare.Worker;

/// <summary>A host as an application has it.</summary>
internal static class ReplicatingHost
{
    /// <summary>Builds one.</summary>
    /// <param name="databases">The databases and where they are replicated to.</param>
    /// <param name="interval">The upload interval; null for the default.</param>
    public static IHost Build(IEnumerable<(string Path, string Replica)> databases, TimeSpan? interval)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLitestream(options =>
        {
            options.ReleaseOnStop = true;
            foreach (var (path, replica) in databases)
            {
                options.AddDatabase(string.Create(CultureInfo.InvariantCulture, $"db{options.Databases.Count}"), database =>
                {
                    database.Path = path;
                    database.RestorePolicy = RestorePolicy.Never;
                    var settings = new ReplicaOptions { Url = replica };
                    if (interval is { } given)
                    {
                        settings.SyncInterval = given;
                        database.MonitorInterval = given;
                    }

                    database.Replicas["replica"] = settings;
                });
            }
        }).AddS3();
        return builder.Build();
    }

    /// <summary>The first database of a host.</summary>
    public static ILitestreamDatabase First(IHost host) => host.Services.GetRequiredKeyedService<ILitestreamDatabase>("db0");
}
