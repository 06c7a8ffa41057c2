using System.Globalization;
using Litestream.Testing;

namespace Litestream.SideBySide;

/// <summary>The real litestream v0.3.13.</summary>
internal sealed class LitestreamProgram : Contestant
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private ChildProcess? _process;

    public override string Name => "litestream v0.3.13";

    public string Output => _process?.Output ?? "";

    public override async Task StartAsync(Arena arena, Pace pace)
    {
        var config = arena.File("litestream.yml");
        await File.WriteAllTextAsync(config, string.Create(CultureInfo.InvariantCulture, $"""
            dbs:
              - path: {arena.Database}
                monitor-interval: {pace.MonitorMilliseconds}ms
                checkpoint-interval: {pace.CheckpointMilliseconds}ms
                min-checkpoint-page-count: {pace.MinCheckpointPages}
                max-checkpoint-page-count: {pace.MaxCheckpointPages}
                replicas:
                  - type: file
                    path: {arena.Replica}
                    sync-interval: 10ms
                    retention: 24h
                    retention-check-interval: 1h
                    snapshot-interval: {pace.SnapshotMilliseconds}ms

            """));
        _process = ChildProcess.Start(RealLitestream.Find()!, "replicate", "-config", config);
        await _process.WaitForLineAsync(line => line.Contains("replicating to", StringComparison.Ordinal), Timeout);
    }

    public override async Task<bool> UploadAsync(Arena arena)
    {
        // It has no command for this: its replica has to reach the end of its shadow, and the shadow that of the WAL.
        for (var deadline = DateTime.UtcNow.AddSeconds(40); DateTime.UtcNow < deadline; await Task.Delay(20))
        {
            if (ShadowIsWhole(arena) && arena.Files.ReachEndOf(Shadow(arena)))
            {
                await Task.Delay(100);
                if (ShadowIsWhole(arena) && arena.Files.ReachEndOf(Shadow(arena)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    public override async Task StopAsync()
    {
        await RealLitestream.StopAsync(_process!);
        await DisposeAsync();
    }

    public override async Task KillAsync()
    {
        await _process!.KillAsync();
        await DisposeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
            _process = null;
        }
    }

    private static bool ShadowIsWhole(Arena arena) =>
        Shadow(arena) is { } shadow && WalEnd.Of(arena.Database + "-wal") == (WalEnd.Of(shadow) is { } end && end > 0 ? end : -1);

    private static string? Shadow(Arena arena)
    {
        var meta = Path.Combine(Path.GetDirectoryName(arena.Database)!, $".{Path.GetFileName(arena.Database)}-litestream");
        try
        {
            var generation = File.ReadAllText(Path.Combine(meta, "generation")).Trim();
            return Directory.EnumerateFiles(Path.Combine(meta, "generations", generation, "wal"), "*.wal").Max(StringComparer.Ordinal);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
