using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>
/// Turns what a listing shows into what must be read, or says why that cannot be. Decides only from its input: no clock,
/// no storage but the trailers it asks for.
/// </summary>
/// <remarks>
/// Which generation: the one whose newest commit is newest, of those that begin at or before what is asked. A newest
/// generation that is damaged is an error and never a reason to quietly restore an older one; one without any snapshot is
/// passed over, and said so. docs/FORMAT.md, sections 4.9 and 7.
/// </remarks>
internal sealed class RestorePlanner(ReplicaCatalog catalog, ITrailerSource trailers, DateTimeOffset now)
{
    private readonly GenerationTimes _times = new(trailers);

    /// <exception cref="BackupNotFoundException">The replica holds nothing for the request; the message says what it holds.</exception>
    /// <exception cref="ReplicaCorruptedException">Something that the request needs is missing, doubled or contradicts itself.</exception>
    public async Task<RestorePlan> PlanAsync(RestoreOptions options, CancellationToken cancellationToken)
    {
        var generations = await SelectGenerationsAsync(options, cancellationToken).ConfigureAwait(false);
        if (options.Timestamp > now)
        {
            throw new BackupNotFoundException($"The time {options.Timestamp:O} lies in the future. {await DescribeAsync(generations, cancellationToken).ConfigureAwait(false)}");
        }

        foreach (var generation in generations)
        {
            var planner = new GenerationPlanner(generation, trailers, _times);
            var plan = options switch
            {
                { Position: { } position } => await planner.PlanPositionAsync(position, cancellationToken).ConfigureAwait(false),
                { Index: { } index } => await planner.PlanIndexAsync(index, cancellationToken).ConfigureAwait(false),
                { Timestamp: { } time } => await planner.PlanTimestampAsync(time, cancellationToken).ConfigureAwait(false),
                _ => await planner.PlanLatestAsync(cancellationToken).ConfigureAwait(false),
            };
            if (plan is not null)
            {
                var passedOver = await FindPassedOverAsync(options, generation, cancellationToken).ConfigureAwait(false);
                return await WithGapAsync(plan, generations, generation, cancellationToken).ConfigureAwait(false) with { PassedOver = passedOver };
            }
        }

        throw new BackupNotFoundException($"{Describe(options)} {await DescribeAsync(generations, cancellationToken).ConfigureAwait(false)}");
    }

    // A time behind the end of one generation and before the next begins: what was committed between, if anything, is not here.
    private async Task<RestorePlan> WithGapAsync(
        RestorePlan plan, IReadOnlyList<CatalogGeneration> newestFirst, CatalogGeneration used, CancellationToken cancellationToken)
    {
        var newer = newestFirst.TakeWhile(generation => generation != used).LastOrDefault();
        return plan.EndsAt is null || newer is null
            ? plan
            : plan with
            {
                NextGeneration = newer.Name,
                NextBeginsAt = await _times.OfSnapshotAsync(newer.Snapshots[0], newer.Segments, cancellationToken).ConfigureAwait(false),
            };
    }

    private Task<string> DescribeAsync(IReadOnlyList<CatalogGeneration> generations, CancellationToken cancellationToken) =>
        RestoreBounds.DescribeAsync(generations, _times, cancellationToken);

    // Those that have a snapshot, newest first.
    private async Task<IReadOnlyList<CatalogGeneration>> SelectGenerationsAsync(
        RestoreOptions options, CancellationToken cancellationToken)
    {
        var wanted = options.Position?.Generation ?? options.Generation;
        var found = catalog.Generations.Where(generation => wanted is null || generation.Name == wanted).ToList();
        if (found.Count == 0)
        {
            throw new BackupNotFoundException(wanted is null
                ? "The replica holds no backup."
                : $"The replica holds no generation '{wanted}'. {await DescribeAsync(catalog.Generations, cancellationToken).ConfigureAwait(false)}");
        }

        var usable = found.Where(generation => generation.Snapshots.Count > 0).ToList();
        if (usable.Count == 0)
        {
            throw new BackupNotFoundException("Nothing can be restored: there is WAL, but no snapshot, in "
                + string.Join(", ", found.Select(generation => $"'{ReplicaLayout.GenerationPrefix(generation.Name)}'")) + ".");
        }

        return await _times.OrderNewestFirstAsync(usable, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<string>> FindPassedOverAsync(
        RestoreOptions options, CatalogGeneration used, CancellationToken cancellationToken)
    {
        var without = catalog.Generations.Where(generation => generation.Snapshots.Count == 0).ToList();
        if (without.Count == 0 || options.Generation is not null || options.Position is not null)
        {
            return [];
        }

        var ordered = await _times.OrderNewestFirstAsync([used, .. without], cancellationToken).ConfigureAwait(false);
        return [.. ordered.TakeWhile(generation => generation != used).Select(generation => generation.Name)];
    }

    private static string Describe(RestoreOptions options) => options switch
    {
        { Position: { } position } => $"The position {position} cannot be restored.",
        { Index: { } index } => $"The index {index:x8} cannot be restored.",
        { Timestamp: { } time } => $"The time {time:O} lies before the first snapshot.",
        _ => "Nothing can be restored.",
    };
}
