using System.Collections.Concurrent;

namespace Litestream.Hosting;

/// <summary>An engine that does nothing but say what it was asked to do, and that fails or blocks when told to.</summary>
internal sealed class FakeDatabaseEngine(DatabaseDefinition definition, ConcurrentQueue<string> journal) : IDatabaseEngine
{
    public DatabaseDefinition Definition { get; } = definition;

    public string Name => Definition.Name;

    public string Path => Definition.Path;

    public Func<CancellationToken, Task<bool>> OnRestoreMissing { get; set; } = _ => Task.FromResult(false);

    public Func<CancellationToken, Task> OnOpen { get; set; } = _ => Task.CompletedTask;

    public Func<CancellationToken, Task<ReplicationPosition>> OnSync { get; set; } = _ => Task.FromResult(default(ReplicationPosition));

    public Func<CancellationToken, Task> OnStop { get; set; } = _ => Task.CompletedTask;

    public Func<ValueTask> OnDispose { get; set; } = () => ValueTask.CompletedTask;

    public DatabaseStatus Status { get; set; } = new() { Name = definition.Name, State = ReplicationState.Replicating };

    public Task<bool> RestoreMissingAsync(CancellationToken ct) => Note("restore", () => OnRestoreMissing(ct));

    public Task OpenAsync(CancellationToken ct) => Note("open", () => OnOpen(ct));

    public void Start() => journal.Enqueue($"start {Name}");

    public void Apply(DatabaseOptions options)
    {
        Applied = options;
        journal.Enqueue($"apply {Name}");
    }

    public DatabaseOptions? Applied { get; private set; }

    public Task<ReplicationPosition> SyncAsync(CancellationToken ct) => Note("sync", () => OnSync(ct));

    public Task<ReplicationPosition> WaitForReplicationAsync(CancellationToken ct) => Note("wait", () => OnSync(ct));

    public Task<ReplicationPosition> WaitForReplicaAsync(string replica, CancellationToken ct) => Note("wait one", () => OnSync(ct));

    public Task<ReplicationPosition> WaitForAnyReplicaAsync(CancellationToken ct) => Note("wait any", () => OnSync(ct));

    public void NotifyChanged() => journal.Enqueue($"notify {Name}");

    public long GetCommitSequence() => 0;

    public bool HasCommittedSince(long sequence) => true;

    public DatabaseStatus GetStatus() => Status;

    public Task SnapshotAsync(string? replica, CancellationToken ct) =>
        Note($"snapshot {replica}", () => Task.CompletedTask);

    public Task<RestoreResult> RestoreAsync(RestoreOptions options, CancellationToken ct) =>
        Note("restore copy", () => Task.FromResult(new RestoreResult(default, "primary", 0, TimeSpan.Zero)));

    public Task<InPlaceRestoreResult> RestoreInPlaceAsync(InPlaceRestoreOptions options, CancellationToken ct) =>
        Note("restore in place", () => Task.FromResult(new InPlaceRestoreResult(null, null)));

    public Task<InPlaceRestoreResult> UndoRestoreAsync(string previousPath, Func<CancellationToken, Task> closeConnections, CancellationToken ct) =>
        Note("undo", () => Task.FromResult(new InPlaceRestoreResult(previousPath, null)));

    public Task<VerificationResult> VerifyAsync(string? replica, CancellationToken ct) =>
        Note("verify", () => Task.FromResult(new VerificationResult([])));

    public async IAsyncEnumerable<BackupGeneration> ListBackupsAsync(
        string? replica, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        yield return new BackupGeneration { Name = "00000000000000aa", Replica = replica ?? "primary" };
    }

    public Task StopAsync(bool letGo, CancellationToken budget) => Note(letGo ? "let go" : "stop", () => OnStop(budget));

    public ValueTask DisposeAsync()
    {
        journal.Enqueue($"dispose {Name}");
        return OnDispose();
    }

    private T Note<T>(string what, Func<T> then)
    {
        journal.Enqueue($"{what} {Name}");
        return then();
    }
}
