namespace Litestream.Replication;

/// <summary>Notices commits, by whichever process. Thread-safe.</summary>
internal interface IWalWatcher
{
    /// <summary>Watches one database until the registration is disposed.</summary>
    /// <param name="walIndexPointer">Address of its WAL-index; must stay valid until the registration has been disposed.</param>
    /// <param name="idleInterval">The slowest it looks. While there is traffic it looks every millisecond.</param>
    /// <param name="onChanged">
    /// Called on the watcher's thread, once soon after registration and then after every change; must be quick (set a
    /// signal) and must not throw. Several changes may give one call. Called once more, perhaps, after disposal.
    /// </param>
    /// <returns>The registration. Once its Dispose has returned, the address is not read any more and may become invalid.</returns>
    IDisposable Watch(nint walIndexPointer, TimeSpan idleInterval, Action onChanged);

    /// <summary>Looks at every database at once: for whoever knows of a commit.</summary>
    void Wake();
}
