using System.Globalization;

namespace Litestream.Testing;

/// <summary>This library in a process of its own, replicating a database that others write, until it is stopped or killed.</summary>
public sealed class ReplicatorProcess : IAsyncDisposable
{
    private const string Synced = "synced ";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly ChildProcess _child;

    private ReplicatorProcess(ChildProcess child) => _child = child;

    public string Output => _child.Output;

    /// <summary>Starts it and waits until its host runs.</summary>
    public static async Task<ReplicatorProcess> StartAsync(
        string database, string replica, int checkpointMilliseconds = 60_000, int minCheckpointPages = 1000, int snapshotMilliseconds = 0)
    {
        string[] arguments =
        [
            "replicate", database, replica,
            "--checkpoint-interval", checkpointMilliseconds.ToString(CultureInfo.InvariantCulture),
            "--min-checkpoint-pages", minCheckpointPages.ToString(CultureInfo.InvariantCulture),
            .. snapshotMilliseconds == 0 ? Array.Empty<string>() : ["--snapshot-interval", snapshotMilliseconds.ToString(CultureInfo.InvariantCulture)],
        ];
        var child = ChildProcess.StartApp("Litestream.TestApp", arguments);
        try
        {
            await child.WaitForLineAsync(line => line == "replicating", Timeout);
            return new ReplicatorProcess(child);
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    /// <summary>Uploads all that is committed; returns the position it named.</summary>
    public async Task<string> SyncAsync()
    {
        _child.WriteLine("sync");
        var line = await _child.WaitForLineAsync(text => text.StartsWith(Synced, StringComparison.Ordinal), Timeout);
        return line[Synced.Length..];
    }

    /// <summary>Has that process itself commit a row, through a pooled connection.</summary>
    public async Task InsertAsync()
    {
        _child.WriteLine("insert");
        await _child.WaitForLineAsync(text => text == "inserted", Timeout);
    }

    /// <summary>Lets the host stop in order.</summary>
    public async Task StopAsync()
    {
        _child.CloseInput();
        var exitCode = await _child.WaitForExitAsync(Timeout);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"The replicator ended with {exitCode}:\n{_child.Output}");
        }
    }

    public Task KillAsync() => _child.KillAsync();

    public ValueTask DisposeAsync() => _child.DisposeAsync();
}
