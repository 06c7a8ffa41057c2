using Litestream.Restore;
using Litestream.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Cli.Targets;

/// <summary>Lists replicas.</summary>
internal static class Catalogs
{
    /// <summary>All that a replica holds of ours; a failure names the replica.</summary>
    /// <exception cref="ToolException">It could not be listed.</exception>
    public static async Task<ReplicaCatalog> LoadAsync(NamedReplica replica, CancellationToken cancellationToken)
    {
        try
        {
            return await new ReplicaReader(replica.Client, TimeProvider.System, NullLogger.Instance)
                .LoadCatalogAsync(null, cancellationToken).ConfigureAwait(false);
        }
        catch (ReplicaException exception)
        {
            throw new ToolException(
                $"the replica \"{replica.Name}\" could not be listed: {exception.Message}",
                "check the URL, the credentials and the connection; with -replica NAME only one replica of a database is looked at",
                exception);
        }
    }

    /// <summary>When the newest object of a generation was stored.</summary>
    public static DateTimeOffset NewestOf(CatalogGeneration generation) => generation.Snapshots.Select(snapshot => snapshot.CreatedAt)
        .Concat(generation.Segments.Select(segment => segment.CreatedAt)).Max();

    /// <summary>When a database was written last, as Litestream sees it: the younger of database and WAL. Null if it is not there.</summary>
    public static DateTimeOffset? ChangedAt(string? database)
    {
        if (database is null || !File.Exists(database))
        {
            return null;
        }

        var file = File.GetLastWriteTimeUtc(database);
        var wal = new FileInfo(database + "-wal");
        return wal.Exists && wal.LastWriteTimeUtc > file ? wal.LastWriteTimeUtc : file;
    }
}
