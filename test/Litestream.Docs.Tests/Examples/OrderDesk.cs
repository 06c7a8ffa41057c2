namespace Litestream.Docs.Examples;

/// <summary>Some part of an application that uses its database and can be told to wait.</summary>
public sealed class OrderDesk : IDisposable
{
    private readonly SemaphoreSlim _open = new(1, 1);

    public Task PauseAsync(CancellationToken cancellationToken) => _open.WaitAsync(cancellationToken);

    public void Resume() => _open.Release();

    public void Dispose() => _open.Dispose();
}
