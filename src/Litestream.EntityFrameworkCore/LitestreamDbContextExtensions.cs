using Litestream;
using Litestream.EntityFrameworkCore;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Saves that return once the change is on the replicas.</summary>
public static class LitestreamDbContextExtensions
{
    /// <summary>
    /// Saves the changes, and waits until they are on every replica. Needs no <c>UseLitestream</c>. Many that wait at once
    /// share an upload.
    /// </summary>
    /// <param name="context">A context whose database is replicated.</param>
    /// <param name="cancellationToken">Gives up; what is saved by then stays saved, and will be replicated.</param>
    /// <returns>The number of entries written.</returns>
    /// <exception cref="InvalidOperationException">
    /// A transaction is open, whose commit is what has to be waited for; or the database is not replicated. Nothing was saved.
    /// </exception>
    /// <exception cref="DbUpdateException">Saving failed.</exception>
    /// <exception cref="LitestreamException">The changes are saved; the database or a replica is faulted, so that it is no use to wait.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled: before saving, or while waiting after it.</exception>
    public static async Task<int> SaveChangesDurablyAsync(this DbContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Database.CurrentTransaction is not null)
        {
            throw new InvalidOperationException(
                "The changes would be saved in a transaction that is not committed yet. Save them with SaveChangesAsync, and commit with Database.CommitTransactionDurablyAsync.");
        }

        var database = ContextServices.GetDatabase(context);
        var written = await context.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
        await database.WaitForReplicationAsync(cancellationToken).ConfigureAwait(false);
        return written;
    }
}
