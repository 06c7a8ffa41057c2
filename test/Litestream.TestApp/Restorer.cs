namespace Litestream.TestApp;

/// <summary>Restores from a folder, says "restored POSITION", and ends.</summary>
internal static class Restorer
{
    public static async Task<int> RunAsync(string replica, string output)
    {
        await using var client = new FileReplicaClient(replica);
        var result = await client.RestoreAsync(new RestoreOptions { OutputPath = output });
        Console.WriteLine($"restored {result.Position}");
        return 0;
    }
}
