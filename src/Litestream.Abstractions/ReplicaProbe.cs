namespace Litestream;

/// <summary>What a store can and cannot do, as <see cref="ReplicaProbeExtensions.ProbeAsync"/> found by trying.</summary>
public sealed record ReplicaProbe
{
    /// <summary>The replica that was probed.</summary>
    public required Uri Location { get; init; }

    /// <summary>Objects can be written and are read back as they were written.</summary>
    public bool CanWrite { get; init; }

    /// <summary>Parts of objects can be read; without, every look at an object's end reads all of it.</summary>
    public bool CanReadRanges { get; init; }

    /// <summary>Listings show what was written.</summary>
    public bool CanList { get; init; }

    /// <summary>Objects can be deleted, and are gone afterwards.</summary>
    public bool CanDelete { get; init; }

    /// <summary>Of several that create one object at once, one succeeds: what keeps two writers on one replica apart.</summary>
    public bool CreatesExclusively { get; init; }

    /// <summary>Everything that is not as it should be, in words, with what it costs. Empty if there is nothing.</summary>
    public IReadOnlyList<string> Findings { get; init; } = [];

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>True if replication and restore work; the findings may still matter.</summary>
    public bool IsUsable => CanWrite && CanList;

    /// <summary>The whole report in words.</summary>
    public override string ToString() => Findings.Count == 0
        ? $"{Location} can do all that is needed."
        : $"{Location} {(IsUsable ? "can be used" : "cannot be used")}. {string.Join(" ", Findings)}";
}
