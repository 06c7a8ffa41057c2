namespace Litestream.AspNetCore.StatusPage;

/// <summary>How far a restore has come.</summary>
internal sealed record PageJobReport
{
    public required string Id { get; init; }

    public required PageJobKind Kind { get; init; }

    public required string Database { get; init; }

    /// <summary>What is restored, in words.</summary>
    public required string Moment { get; init; }

    public required PageJobState State { get; init; }

    /// <summary>What it is doing, or did.</summary>
    public required string Text { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Compressed bytes that were read.</summary>
    public long BytesDone { get; init; }

    /// <summary>Compressed bytes that have to be read; zero until that is known.</summary>
    public long BytesTotal { get; init; }

    public double? RemainingSeconds { get; init; }

    /// <summary>Of a copy that is ready.</summary>
    public string? FileName { get; init; }

    /// <summary>Of a copy that is ready.</summary>
    public long? FileBytes { get; init; }

    /// <summary>Until when a copy that is ready is kept.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The file of the previous database, of a restore that is done.</summary>
    public string? Previous { get; init; }

    /// <summary>What helps, if it failed.</summary>
    public string? Remedy { get; init; }
}
