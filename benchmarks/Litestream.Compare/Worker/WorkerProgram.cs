using System.Globalization;

namespace Litestream.Compare.Worker;

/// <summary>The part of this program that is measured, in a process of its own.</summary>
internal static class WorkerProgram
{
    public static async Task<int> RunAsync(string[] args)
    {
        switch (args)
        {
            case ["replicate", var milliseconds, var list]:
                await ReplicateAsync(Interval(milliseconds), list);
                return 0;
            case ["restore", var replica, var output, var check]:
                await RestoreAsync(replica, output, Enum.Parse<IntegrityCheck>(check));
                return 0;
            case ["commits", .. var rest] when CommitOptions.Parse(rest) is { } options:
                await CommitProgram.RunAsync(options);
                return 0;
            default:
                Console.Error.WriteLine($"no such work: {string.Join(' ', args)}");
                return 2;
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
