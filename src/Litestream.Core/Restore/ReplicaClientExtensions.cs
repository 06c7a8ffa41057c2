using System.Diagnostics;
using Litestream.Diagnostics;
using Litestream.Restore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream;

/// <summary>What can be done with a replica without the database that it belongs to.</summary>
public static class ReplicaClientExtensions
{
    private const string LoggerCategory = "Litestream.Restore";

    /// <summary>
    /// Restores a database from a replica, of this library's or of Litestream v0.3.x. Either the file at
    /// <see cref="RestoreOptions.OutputPath"/> is complete, verified and durable when the task ends, or nothing was put there.
    /// </summary>
    /// <param name="client">The replica. Not disposed.</param>
    /// <param name="options">What to restore, and where to.</param>
    /// <param name="loggerFactory">For the log; null for none.</param>
    /// <param name="cancellationToken">Gives up and leaves nothing behind.</param>
    /// <returns>The position that the file is exactly at, and more.</returns>
    /// <exception cref="ArgumentException">The options are incomplete, or contradict themselves.</exception>
    /// <exception cref="IOException">The target exists, a file beside it is in use, or it could not be written.</exception>
    /// <exception cref="BackupNotFoundException">The replica was listed and does not hold what is asked for.</exception>
    /// <exception cref="ReplicaCorruptedException">The replica holds something that cannot be right; the message names it.</exception>
    /// <exception cref="ReplicaException">The replica could not be read.</exception>
    public static Task<RestoreResult> RestoreAsync(
        this IReplicaClient client,
        RestoreOptions options,
        ILoggerFactory? loggerFactory = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        var logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger(LoggerCategory);
        return RunAsync(new RestoreRunner(client, options.Replica, logger, TimeProvider.System), options, cancellationToken);
    }

    private static async Task<RestoreResult> RunAsync(RestoreRunner runner, RestoreOptions options, CancellationToken cancellationToken)
    {
        // A database's own restore has begun a span already, which knows more.
        var outer = Activity.Current is { OperationName: LitestreamActivities.Restore } current ? current : null;
        using var span = outer is null ? LitestreamActivities.Begin(LitestreamActivities.Restore, database: null) : null;
        try
        {
            var result = await runner.RunAsync(options, cancellationToken).ConfigureAwait(false);
            (outer ?? span)?.SetTag(LitestreamActivities.Position, result.Position.ToString());
            return result;
        }
        catch (Exception exception)
        {
            span.Fail(exception);
            throw;
        }
    }

    /// <summary>
    /// Lists what the replica holds, generation by generation, the newest first: snapshots, sizes, and the times that can be
    /// restored. One listing, and small reads of what the snapshots and some segments say of themselves.
    /// </summary>
    /// <param name="client">The replica. Not disposed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Nothing if the replica was listed and is empty.</returns>
    /// <exception cref="ReplicaException">The replica could not be read.</exception>
    public static IAsyncEnumerable<BackupGeneration> ListBackupsAsync(this IReplicaClient client, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.ListBackupsAsync(client.Location.ToString(), NullLogger.Instance, cancellationToken);
    }

    internal static IAsyncEnumerable<BackupGeneration> ListBackupsAsync(
        this IReplicaClient client, string replica, ILogger logger, CancellationToken cancellationToken) =>
        new BackupListing(new ReplicaReader(client, TimeProvider.System, logger), replica).ListAsync(cancellationToken);
}
