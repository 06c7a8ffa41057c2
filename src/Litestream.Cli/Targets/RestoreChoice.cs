using Litestream.Cli.Commands;
using Litestream.Restore;
using Litestream.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Cli.Targets;

/// <summary>Which replica a restore takes, and what of it.</summary>
internal sealed record RestoreChoice(NamedReplica Replica, RestorePlan Plan, RestoreOptions Options, bool IsIndexPastEnd)
{
    /// <summary>
    /// The replica whose newest object is newest, as Litestream chooses, and then the next one that holds what is asked for.
    /// One that cannot be read may be the newest, so nothing is chosen then.
    /// </summary>
    /// <exception cref="BackupNotFoundException">All were listed, and none holds it.</exception>
    /// <exception cref="ToolException">One could not be listed.</exception>
    public static async Task<RestoreChoice> FindAsync(
        IReadOnlyList<NamedReplica> replicas, RestoreCommandRequest request, CancellationToken cancellationToken)
    {
        var candidates = new List<(NamedReplica Replica, ReplicaCatalog Catalog)>();
        foreach (var replica in replicas)
        {
            candidates.Add((replica, await Catalogs.LoadAsync(replica, cancellationToken).ConfigureAwait(false)));
        }

        BackupNotFoundException? nothing = null;
        foreach (var (replica, catalog) in candidates.OrderByDescending(candidate => Newest(candidate.Catalog.Generations)))
        {
            try
            {
                return await PlanAsync(replica, catalog, request, cancellationToken).ConfigureAwait(false);
            }
            catch (BackupNotFoundException exception)
            {
                nothing ??= exception;
            }
        }

        throw nothing ?? new BackupNotFoundException("The database has no replica.");
    }

    private static async Task<RestoreChoice> PlanAsync(
        NamedReplica replica, ReplicaCatalog catalog, RestoreCommandRequest request, CancellationToken cancellationToken)
    {
        if (request.Generation is { } name && !ReplicaLayout.IsGeneration(name))
        {
            throw new BackupNotFoundException($"'{name}' is no generation, which is 16 hexadecimal digits in lower case.");
        }

        var options = new RestoreOptions { Generation = request.Generation, Index = request.Index, Timestamp = request.Timestamp };
        var pastEnd = false;
        if (request.Index is { } index)
        {
            // An index means something only within a generation: the newest, where none is named.
            var generation = catalog.Generations
                .Where(one => request.Generation is null ? one.Snapshots.Count > 0 : one.Name == request.Generation)
                .OrderByDescending(Catalogs.NewestOf)
                .FirstOrDefault();
            options.Generation ??= generation?.Name;
            pastEnd = generation is not null && index > LastIndex(generation);
            options.Index = pastEnd ? null : index;
        }

        var reader = new ReplicaReader(replica.Client, TimeProvider.System, NullLogger.Instance);
        var plan = await new RestorePlanner(catalog, reader, TimeProvider.System.GetUtcNow()).PlanAsync(options, cancellationToken).ConfigureAwait(false);
        return new RestoreChoice(replica, plan, options, pastEnd);
    }

    private static DateTimeOffset Newest(IEnumerable<CatalogGeneration> generations) => generations
        .Select(Catalogs.NewestOf).DefaultIfEmpty(DateTimeOffset.MinValue).Max();

    private static int LastIndex(CatalogGeneration generation) => generation.Segments.Select(segment => segment.Index)
        .Concat(generation.Snapshots.Select(snapshot => snapshot.Index)).Max();
}
