namespace Litestream.StatusPage;

/// <summary>Lists a database that is gone by the time it is asked, beside one that stays.</summary>
internal sealed class Vanishing(ILitestreamDatabase stays) : ILitestream
{
    public event EventHandler<ReplicationStateChangedEventArgs> StateChanged
    {
        add { }
        remove { }
    }

    public IReadOnlyList<ILitestreamDatabase> Databases => [Gone.Create(), stays];

    public ILitestreamDatabase GetDatabase(string name) => stays;

    public Task RestoreMissingAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task SyncAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
}
