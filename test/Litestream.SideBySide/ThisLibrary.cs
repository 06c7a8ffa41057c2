using Litestream.Testing;

namespace Litestream.SideBySide;

/// <summary>This library, in an application of its own.</summary>
internal sealed class ThisLibrary : Contestant
{
    private ReplicatorProcess? _process;

    public override string Name => "Litestream for .NET";

    public override async Task StartAsync(Arena arena, Pace pace) =>
        _process = await ReplicatorProcess.StartAsync(
            arena.Database, arena.Replica, pace.CheckpointMilliseconds, pace.MinCheckpointPages, pace.SnapshotMilliseconds);

    public override async Task<bool> UploadAsync(Arena arena)
    {
        try
        {
            await _process!.SyncAsync().WaitAsync(TimeSpan.FromSeconds(40));
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public override async Task StopAsync()
    {
        await _process!.StopAsync();
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
}
