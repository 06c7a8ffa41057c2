using System.Collections.Concurrent;

namespace Litestream.Storage;

/// <summary>
/// Makes the names in the folders of a replica durable that somebody else gave: a process that was killed between giving a
/// name and syncing the folder leaves an object that is there and that a power cut takes away.
/// </summary>
/// <param name="root">The folder of the replica.</param>
internal sealed class FolderSync(string root)
{
    // Whose name in the folder above is known to be durable. A folder that is removed and made again is synced by who makes it.
    private readonly ConcurrentDictionary<string, bool> _named = new();

    /// <summary>Makes a folder's entries durable, and its own name and those of the folders above it up to the root's.</summary>
    /// <exception cref="IOException">A folder of the replica could not be synced.</exception>
    public void Sync(string folder)
    {
        AtomicFile.SyncDirectory(folder);
        SyncNames(folder);
    }

    /// <summary>Makes the names of a folder and of those above it durable, up to the root's; once.</summary>
    /// <exception cref="IOException">A folder of the replica could not be synced.</exception>
    public void SyncNames(string folder)
    {
        for (; folder.Length >= root.Length && !_named.ContainsKey(folder); folder = Path.GetDirectoryName(folder)!)
        {
            if (Path.GetDirectoryName(folder) is not { } above)
            {
                return;
            }

            try
            {
                AtomicFile.SyncDirectory(above);
            }
            catch (IOException) when (folder.Length == root.Length)
            {
                // What the replica lies in may be closed to us, and is not ours.
            }

            _named[folder] = true;
        }
    }

    /// <summary>The same for what is only read: a medium that cannot be synced can be restored from all the same.</summary>
    public void TrySync(string folder)
    {
        try
        {
            Sync(folder);
        }
        catch (IOException)
        {
            // A write to it, which comes before anything is acknowledged in it, fails for the same reason and says so.
        }
    }
}
