namespace Litestream.AspNetCore.StatusPage;

/// <summary>What is to be restored.</summary>
internal sealed record MomentRequest
{
    public string? Database { get; init; }

    /// <summary>From which replica; null for the one that is furthest.</summary>
    public string? Replica { get; init; }

    /// <summary>Null for the newest that has what is asked for.</summary>
    public string? Generation { get; init; }

    /// <summary>Null for the last commit.</summary>
    public DateTimeOffset? Timestamp { get; init; }
}
