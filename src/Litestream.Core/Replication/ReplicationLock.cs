using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>Keeps a database from being replicated by any process of this machine, for somebody who does not replicate it.</summary>
internal static class ReplicationLock
{
    /// <summary>Tries once.</summary>
    /// <returns>False if somebody replicates it.</returns>
    public static bool TryTake(string metaPath, string databasePath, out IDisposable? taken)
    {
        try
        {
            taken = new MetaDirectory(metaPath, databasePath).TryLock();
            return taken is not null;
        }
        catch (DirectoryNotFoundException)
        {
            // It was never replicated from here.
            taken = null;
            return true;
        }
    }
}
