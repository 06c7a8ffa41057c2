namespace Litestream.AspNetCore.StatusPage;

/// <summary>How one replica stands.</summary>
internal sealed record PageReplica
{
    public required string Name { get; init; }

    /// <summary>The scheme of its URL; null if that is not known.</summary>
    public string? Kind { get; init; }

    /// <summary>Its URL as the command line takes it, without secrets; null if it is not known or not shown.</summary>
    public string? Url { get; init; }

    public required PageHealth Health { get; init; }

    public required string State { get; init; }

    public required string StateText { get; init; }

    public DateTimeOffset? StateSince { get; init; }

    public string? Position { get; init; }

    public double LagSeconds { get; init; }

    public DateTimeOffset? LastSyncedAt { get; init; }

    public DateTimeOffset? LastSnapshotAt { get; init; }

    public DateTimeOffset? LastCheckedAt { get; init; }

    public DateTimeOffset? LastVerifiedAt { get; init; }

    public DateTimeOffset? VerificationDueBy { get; init; }
}
