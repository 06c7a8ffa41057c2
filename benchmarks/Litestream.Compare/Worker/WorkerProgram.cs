namespace Litestream.Compare.Worker;

/// <summary>The part of this program that is measured, in a process of its own.</summary>
internal static class WorkerProgram
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["commits", .. var rest] && CommitOptions.Parse(rest) is { } options)
        {
            await CommitProgram.RunAsync(options);
            return 0;
        }

        if (await ReplicationProgram.TryRunAsync(args))
        {
            return 0;
        }

        Console.Error.WriteLine($"no such work: {string.Join(' ', args)}");
        return 2;
    }
}
