using System.Globalization;

namespace Litestream.Compare.Worker;

/// <summary>What is measured without an application: replication and restore.</summary>
internal static class ReplicationProgram
{
    /// <summary>Does what the command line says.</summary>
    /// <returns>False if it says something else.</returns>
    public static async Task<bool> TryRunAsync(string[] args)
    {
        switch (args)
        {
            case ["replicate", var milliseconds, var list]:
                await ReplicateAsync(Interval(milliseconds), list);
                return true;
            case ["restore", var replica, var output, var check]:
                await RestoreAsync(replica, output, Enum.Parse<IntegrityCheck>(check));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Reads an interval; null for "default".</summary>
    public static TimeSpan? Interval(string milliseconds) =>
        int.TryParse(milliseconds, CultureInfo.InvariantCulture, out var count) ? TimeSpan.FromMilliseconds(count) : null;

    /// <summary>An application that only replicates, until its input ends.</summary>
    private static async Task ReplicateAsync(TimeSpan? interval, string list)
    {
        using var host = ReplicatingHost.Build(File.ReadLines(list).Select(line => line.Split('\t')).Select(parts => (parts[0], parts[1])), interval);
        await host.StartAsync();
        Console.WriteLine("started");
        while (await Console.In.ReadLineAsync() is not null)
        {
        }

        await host.StopAsync();
    }

    private static async Task RestoreAsync(string replica, string output, IntegrityCheck check)
    {
        await using var client = new FileReplicaClient(replica);
        await client.RestoreAsync(new RestoreOptions { OutputPath = output, IntegrityCheck = check });
    }
}
