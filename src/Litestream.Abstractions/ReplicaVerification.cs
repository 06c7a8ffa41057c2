namespace Litestream;

/// <summary>What the verification of one replica found: it was restored at a position, and compared with the database at the same position, page by page.</summary>
public sealed record ReplicaVerification
{
    /// <summary>The name of the replica.</summary>
    public required string Replica { get; init; }

    /// <summary>The position at which both were compared.</summary>
    public required ReplicationPosition Position { get; init; }

    /// <summary>The difference in words, with the page or the object; null if there is none.</summary>
    public string? Difference { get; init; }

    /// <summary>True if the restored database equals the live one, byte for byte.</summary>
    public bool Succeeded => Difference is null;

    /// <summary>Size of the database at <see cref="Position"/> in bytes.</summary>
    public long DatabaseSize { get; init; }

    /// <summary>When the database was looked at.</summary>
    public DateTimeOffset VerifiedAt { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }
}
