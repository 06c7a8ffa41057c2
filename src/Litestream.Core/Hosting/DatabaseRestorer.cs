using System.Runtime.CompilerServices;
using Litestream.Diagnostics;
using Litestream.Storage;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>Restores a database from those of its replicas that have a backup, the furthest first.</summary>
internal sealed class DatabaseRestorer(DatabaseDefinition definition, ILoggerFactory loggerFactory)
{
    /// <summary>Where restores are reported.</summary>
    public DatabaseTelemetry Telemetry { get; set; } = DatabaseTelemetry.Unmeasured(definition.Name);

    /// <summary>Restores the database to its own path.</summary>
    /// <returns>False if no replica has a backup and the policy does not require one.</returns>
    /// <exception cref="ReplicaException">A replica could not be read: whether it has a newer backup is not known, so nothing is restored.</exception>
    public async Task<bool> RestoreMissingAsync(CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(definition.Path)!);
            await RestoreAsync(new RestoreOptions { OutputPath = definition.Path }, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (BackupNotFoundException) when (definition.Options.RestorePolicy != RestorePolicy.Required)
        {
            return false;
        }
        catch (BackupNotFoundException exception)
        {
            throw new BackupNotFoundException(
                $"The database '{definition.Name}' is missing at '{definition.Path}', must be restored (RestorePolicy.Required), and no replica has a backup. "
                + $"Put the database there, or set another policy for the first start. {exception.Message}",
                exception);
        }
    }

    /// <summary>Restores from the replica that is named, or the one that is furthest.</summary>
    public async Task<RestoreResult> RestoreAsync(RestoreOptions options, CancellationToken cancellationToken)
    {
        var candidates = await CandidatesAsync(options.Replica, cancellationToken).ConfigureAwait(false);
        BackupNotFoundException? nothing = null;
        foreach (var replica in candidates)
        {
            try
            {
                var result = await Telemetry.MeasureAsync(
                    LitestreamActivities.Restore,
                    replica.Name,
                    static (telemetry, name, duration, failure) => telemetry.Restored(name, duration, failure),
                    () => replica.Client.RestoreAsync(options, loggerFactory, cancellationToken)).ConfigureAwait(false);
                return result with { Replica = replica.Name };
            }
            catch (BackupNotFoundException exception)
            {
                nothing ??= exception;
            }
        }

        throw nothing ?? new BackupNotFoundException($"No replica of the database '{definition.Name}' has a backup.");
    }

    /// <summary>What the replica that is named holds, or all of them do.</summary>
    public IAsyncEnumerable<BackupGeneration> ListBackupsAsync(string? replica, CancellationToken cancellationToken)
    {
        var replicas = replica is null ? definition.Replicas.OrderBy(one => one.Name, StringComparer.Ordinal).ToList() : Named(replica);
        return ListAsync(replicas, loggerFactory.CreateLogger("Litestream.Restore"), cancellationToken);

        static async IAsyncEnumerable<BackupGeneration> ListAsync(
            IReadOnlyList<ReplicaDefinition> replicas, ILogger logger, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            foreach (var one in replicas)
            {
                await foreach (var generation in one.Client.ListBackupsAsync(one.Name, logger, cancellationToken).ConfigureAwait(false))
                {
                    yield return generation;
                }
            }
        }
    }

    private async Task<IReadOnlyList<ReplicaDefinition>> CandidatesAsync(string? name, CancellationToken cancellationToken)
    {
        if (name is not null)
        {
            return Named(name);
        }

        if (definition.Replicas.Count == 1)
        {
            return definition.Replicas;
        }

        // As Litestream v0.3.13 chooses: the replica with the newest object. One that cannot be read may be that one.
        var newest = new List<(ReplicaDefinition Replica, DateTimeOffset At)>();
        foreach (var replica in definition.Replicas)
        {
            var at = DateTimeOffset.MinValue;
            await foreach (var item in replica.Client.ListAsync(ReplicaLayout.GenerationsPrefix, cancellationToken).ConfigureAwait(false))
            {
                at = item.CreatedAt > at ? item.CreatedAt : at;
            }

            newest.Add((replica, at));
        }

        return newest.OrderByDescending(pair => pair.At).Select(pair => pair.Replica).ToArray();
    }

    private List<ReplicaDefinition> Named(string name)
    {
        var named = definition.Replicas.Where(replica => replica.Name == name).ToList();
        return named.Count > 0
            ? named
            : throw new ArgumentException(
                $"The database '{definition.Name}' has no replica '{name}'. It has: {string.Join(", ", definition.Replicas.Select(replica => replica.Name))}.",
                nameof(name));
    }
}
