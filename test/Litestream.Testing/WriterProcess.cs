using System.Globalization;

namespace Litestream.Testing;

/// <summary>An application in a process of its own that commits at random until it is stopped or killed.</summary>
public sealed class WriterProcess : IAsyncDisposable
{
    private const string Committed = "committed ";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly ChildProcess _child;

    private WriterProcess(ChildProcess child) => _child = child;

    /// <summary>Starts it and waits until it has made the tables.</summary>
    public static async Task<WriterProcess> StartAsync(
        string database, int seed = 1, int pageSize = 4096, int autoCheckpoint = 0, int pauseMilliseconds = 2)
    {
        var child = ChildProcess.StartApp(
            "Litestream.TestApp",
            "write", database,
            "--seed", seed.ToString(CultureInfo.InvariantCulture),
            "--page-size", pageSize.ToString(CultureInfo.InvariantCulture),
            "--auto-checkpoint", autoCheckpoint.ToString(CultureInfo.InvariantCulture),
            "--pause", pauseMilliseconds.ToString(CultureInfo.InvariantCulture));
        await child.WaitForLineAsync(line => line == "writing", Timeout);
        return new WriterProcess(child);
    }

    /// <summary>Waits until it has committed so often since its start (it counts by fifties).</summary>
    public Task WaitForCommitsAsync(int count) => _child.WaitForLineAsync(
        line => line.StartsWith(Committed, StringComparison.Ordinal)
            && int.Parse(line[Committed.Length..], CultureInfo.InvariantCulture) >= count,
        Timeout);

    /// <summary>Lets it finish its transaction and close the database.</summary>
    public async Task StopAsync()
    {
        _child.CloseInput();
        var exitCode = await _child.WaitForExitAsync(Timeout);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"The writer ended with {exitCode}:\n{_child.Output}");
        }
    }

    public Task KillAsync() => _child.KillAsync();

    public ValueTask DisposeAsync() => _child.DisposeAsync();
}
