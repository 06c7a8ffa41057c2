namespace Litestream.Replication;

/// <summary>Watches nothing: a pass runs when it is asked for.</summary>
internal sealed class NoWatcher : IWalWatcher
{
    public IDisposable Watch(nint walIndexPointer, TimeSpan idleInterval, Action onChanged) => new Registration();

    public void Wake()
    {
    }

    private sealed class Registration : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
