using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.TestApp;

/// <summary>
/// A host that only replicates; somebody else writes. "sync" in its input is answered with "synced POSITION", and the end
/// of its input stops it in order.
/// </summary>
internal static class Replicator
{
    public static async Task<int> RunAsync(string database, string replica, string[] options)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            ContentRootPath = Path.GetDirectoryName(Path.GetFullPath(database)),
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.AddLitestream(litestream => litestream.AddDatabase("app", app =>
        {
            app.Path = database;
            app.CheckpointInterval = TimeSpan.FromMilliseconds(Option(options, "--checkpoint-interval", 60_000));
            app.MinCheckpointPages = Option(options, "--min-checkpoint-pages", 1000);
            app.RestorePolicy = RestorePolicy.Never;
            app.Replicas["file"] = new ReplicaOptions { Url = replica, SyncInterval = TimeSpan.FromMilliseconds(50) };
        }));
        using var host = builder.Build();
        await host.StartAsync();
        var replicated = host.Services.GetRequiredKeyedService<ILitestreamDatabase>("app");
        Console.WriteLine("replicating");
        while (Console.ReadLine() is { } line)
        {
            if (line == "sync")
            {
                Console.WriteLine($"synced {await replicated.SyncAsync()}");
            }
        }

        await host.StopAsync();
        return 0;
    }

    private static int Option(string[] options, string name, int defaultValue)
    {
        var place = Array.IndexOf(options, name);
        return place < 0 ? defaultValue : int.Parse(options[place + 1], CultureInfo.InvariantCulture);
    }
}
