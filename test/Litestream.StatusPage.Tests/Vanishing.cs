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

    public ILitestreamDatabase? FindDatabase(string path) => stays;

    public Task<ILitestreamDatabase> AddDatabaseAsync(string name, DatabaseOptions options, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task RemoveDatabaseAsync(string name, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task RemoveDatabaseAsync(string name, bool evenIfUnreplicated, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<BackupDeletion> DeleteBackupAsync(string name, DatabaseOptions options, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task RestoreMissingAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task SyncAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
}
