namespace Litestream.AspNetCore.StatusPage;

/// <summary>How the replication of one database stands.</summary>
internal sealed record PageDatabase
{
    public required string Name { get; init; }

    public required PageHealth Health { get; init; }

    public required string State { get; init; }

    /// <summary>The state in words.</summary>
    public required string StateText { get; init; }

    public DateTimeOffset? StateSince { get; init; }

    /// <summary>Its file; only where paths are shown.</summary>
    public string? Path { get; init; }

    public string? Position { get; init; }

    public DateTimeOffset? LastSyncedAt { get; init; }

    public long WalBytes { get; init; }

    public long ShadowBytes { get; init; }

    public required IReadOnlyList<PageProblem> Problems { get; init; }

    public required IReadOnlyList<PageReplica> Replicas { get; init; }
}
