using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>What may be asked of a restore.</summary>
internal static class RestoreRequest
{
    private const int MaxParallelism = 64;

    /// <exception cref="ArgumentException">The options contradict themselves or lie outside their bounds.</exception>
    public static void Validate(RestoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrWhiteSpace(options.OutputPath, "options.OutputPath");
        if (options.Parallelism is < 1 or > MaxParallelism)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Parallelism, $"Parallelism must lie between 1 and {MaxParallelism}.");
        }

        if ((options.Index is null ? 0 : 1) + (options.Timestamp is null ? 0 : 1) + (options.Position is null ? 0 : 1) > 1)
        {
            throw new ArgumentException("Index, Timestamp and Position exclude each other.", nameof(options));
        }

        if (options.Index < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Index, "Index must not be negative.");
        }

        if (options.Generation is { } generation && !ReplicaLayout.IsGeneration(generation))
        {
            throw new ArgumentException($"'{generation}' is no generation: 16 lower-case hexadecimal digits.", nameof(options));
        }

        if (!Enum.IsDefined(options.IntegrityCheck))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.IntegrityCheck, "IntegrityCheck must be one of its values.");
        }

        if (options.Position is { } position)
        {
            Validate(options, position);
        }
    }

    private static void Validate(RestoreOptions options, ReplicationPosition position)
    {
        if (position.IsEmpty || !ReplicaLayout.IsGeneration(position.Generation) || position.Index < 0 || position.Offset < 0)
        {
            throw new ArgumentException($"'{position}' is no position that can be restored.", nameof(options));
        }

        if (options.Generation is not null && options.Generation != position.Generation)
        {
            throw new ArgumentException($"Generation '{options.Generation}' is not that of Position {position}.", nameof(options));
        }
    }
}
