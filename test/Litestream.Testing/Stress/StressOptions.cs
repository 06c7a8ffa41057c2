namespace Litestream.Testing.Stress;

/// <summary>What a stress run is to do.</summary>
public sealed record StressOptions
{
    public required int Seed { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Checkpoint as Litestream v0.3.13 does, release, checkpoint, re-acquire: the run has to fail.</summary>
    public bool ReleaseBeforeCheckpoint { get; init; }

    /// <summary>Command line of a writer process with our own SQLite, without its arguments; null for none.</summary>
    public string[]? Writer { get; init; }
}
