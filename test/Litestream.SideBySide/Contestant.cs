namespace Litestream.SideBySide;

/// <summary>A program that replicates one database to one folder, in a process of its own.</summary>
internal abstract class Contestant : IAsyncDisposable
{
    public abstract string Name { get; }

    public abstract Task StartAsync(Arena arena, Pace pace);

    /// <summary>Lets what was committed reach the replica; false if it does not get there.</summary>
    public abstract Task<bool> UploadAsync(Arena arena);

    /// <summary>Ends it in order, with its last upload.</summary>
    public abstract Task StopAsync();

    /// <summary>kill -9.</summary>
    public abstract Task KillAsync();

    public abstract ValueTask DisposeAsync();
}
