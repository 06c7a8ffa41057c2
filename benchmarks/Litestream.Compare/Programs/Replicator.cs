using System.Globalization;
using Litestream.Compare.Measuring;
using Litestream.Compare.Sections;

namespace Litestream.Compare.Programs;

/// <summary>A process that replicates databases: the real litestream, or an application with this library in it.</summary>
internal static class Replicator
{
    /// <summary>Starts one.</summary>
    /// <param name="contest">Knows the programs.</param>
    /// <param name="variant">Who.</param>
    /// <param name="folder">For its configuration.</param>
    /// <param name="databases">The databases and where they are replicated to.</param>
    public static async Task<MeasuredProcess> StartAsync(
        Contest contest, Variant variant, string folder, IReadOnlyList<(string Path, ReplicaPlace Replica)> databases)
    {
        if (variant.IsOurs)
        {
            var list = Path.Combine(folder, "databases");
            await File.WriteAllLinesAsync(list, databases.Select(database => $"{database.Path}\t{database.Replica.Url}"));
            var (program, arguments) = contest.OursAs(variant, "replicate", variant.Milliseconds?.ToString(CultureInfo.InvariantCulture) ?? "default", list);
            return MeasuredProcess.Start(program, arguments);
        }

        var config = Path.Combine(folder, "litestream.yml");
        await using (var text = new StreamWriter(config))
        {
            await text.WriteLineAsync("dbs:");
            foreach (var (path, replica) in databases)
            {
                await text.WriteLineAsync($"  - path: {path}");
                if (variant.Milliseconds is { } monitor)
                {
                    await text.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"    monitor-interval: {monitor}ms"));
                }

                await text.WriteLineAsync("    replicas:");
                foreach (var line in replica.ToYaml())
                {
                    await text.WriteLineAsync($"      {line}");
                }

                if (variant.Milliseconds is { } interval)
                {
                    await text.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"        sync-interval: {interval}ms"));
                }
            }
        }

        return MeasuredProcess.Start(contest.Litestream!, ["replicate", "-config", config]);
    }
}
