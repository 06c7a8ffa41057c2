using Litestream.Testing.Faults;

namespace Litestream.Simulation;

/// <summary>
/// What there is in one run: drawn from its seed, so that some runs have everything and others one thing only, in which
/// what two things would hide from each other shows.
/// </summary>
internal sealed record Swarm
{
    public required int PageSize { get; init; }

    public required int AutoVacuum { get; init; }

    public required int AutoCheckpoint { get; init; }

    public required int MinCheckpointPages { get; init; }

    public required int MaxCheckpointPages { get; init; }

    public required TimeSpan CheckpointInterval { get; init; }

    public required int Replicas { get; init; }

    public required int Steps { get; init; }

    /// <summary>What a store may do wrong, and how often.</summary>
    public required IReadOnlyList<FaultKind> Faults { get; init; }

    public required double FaultRate { get; init; }

    /// <summary>How often others get a turn in the middle of what one does.</summary>
    public required double Interleaving { get; init; }

    public required bool Strangers { get; init; }

    public required bool Stops { get; init; }

    public required bool Crashes { get; init; }

    public required bool PowerCuts { get; init; }

    public required bool DyingWriters { get; init; }

    public required bool Tampering { get; init; }

    public required bool Zombies { get; init; }

    public required bool WrongClocks { get; init; }

    public required bool Vacuums { get; init; }

    public required bool PageSizeChanges { get; init; }

    public required bool LongReaders { get; init; }

    public required bool ShortOfSpace { get; init; }

    /// <summary>Snapshots after the first, on demand.</summary>
    public required bool Snapshots { get; init; }

    /// <summary>Days go by: snapshots on their interval, retention, and a look whether all is still there.</summary>
    public required bool Days { get; init; }

    /// <summary>Replicas are verified now and then, and whenever one has been tampered with.</summary>
    public bool Verifies { get; init; }

    /// <summary>Once, a transaction is larger than a segment may be.</summary>
    public bool Huge { get; init; }

    /// <summary>True if a listing may say what is not so.</summary>
    public bool Lies => Faults.Any(Fault.Lying.Contains);

    /// <summary>True if nothing in the run is a reason for a second generation.</summary>
    public bool IsCalm => !Stops && !Crashes && !PowerCuts && !Tampering && !Zombies && !WrongClocks && Faults.Count == 0;

    public override string ToString() => string.Join(", ", ((string?[])
    [
        $"{Replicas} replicas, pages of {PageSize}, auto_vacuum {AutoVacuum}, wal_autocheckpoint {AutoCheckpoint}",
        $"checkpoints at {MinCheckpointPages} to {MaxCheckpointPages} pages or after {CheckpointInterval}",
        $"interleaving {Interleaving}",
        Faults.Count > 0 ? $"faults at {FaultRate} ({string.Join(' ', Faults)})" : "no faults",
        Strangers ? "strangers" : null,
        Stops ? "stops" : null,
        Crashes ? "crashes" : null,
        PowerCuts ? "power cuts" : null,
        DyingWriters ? "dying writers" : null,
        Tampering ? "tampering" : null,
        Zombies ? "zombies" : null,
        WrongClocks ? "wrong clocks" : null,
        Vacuums ? "vacuums" : null,
        PageSizeChanges ? "page size changes" : null,
        LongReaders ? "long readers" : null,
        ShortOfSpace ? "short of space" : null,
        Snapshots ? "snapshots" : null,
        Days ? "days" : null,
        Verifies ? "verifications" : null,
        Huge ? "a huge transaction" : null,
    ]).OfType<string>());

    /// <summary>A run in which nothing happens but what is asked for.</summary>
    public static Swarm Still { get; } = new()
    {
        PageSize = 512,
        AutoVacuum = 0,
        AutoCheckpoint = 0,
        MinCheckpointPages = 1000,
        MaxCheckpointPages = 10_000,
        CheckpointInterval = TimeSpan.Zero,
        Replicas = 1,
        Steps = 0,
        Faults = [],
        FaultRate = 0,
        Interleaving = 0,
        Strangers = false,
        Stops = false,
        Crashes = false,
        PowerCuts = false,
        DyingWriters = false,
        Tampering = false,
        Zombies = false,
        WrongClocks = false,
        Vacuums = false,
        PageSizeChanges = false,
        LongReaders = false,
        ShortOfSpace = false,
        Snapshots = false,
        Days = false,
    };

    public static Swarm Draw(Random random)
    {
        bool Maybe(int percent) => random.Next(100) < percent;
        int[] pageSizes = [512, 512, 1024, 1024, 4096];
        int[] autoCheckpoints = [0, 0, 5, 20, 1000];
        var interval = random.Next(3);
        var crashes = Maybe(55);
        var honest = random.Next(4);
        FaultKind[] kinds = honest switch
        {
            0 => [],
            1 => [.. Fault.Honest.Where(_ => Maybe(60)), .. Maybe(50) ? [FaultKind.Late] : Array.Empty<FaultKind>()],
            2 => [.. Fault.Honest, FaultKind.Late],
            _ => [.. Fault.Honest, .. Fault.Lying],
        };
        return new Swarm
        {
            PageSize = pageSizes[random.Next(pageSizes.Length)],
            AutoVacuum = random.Next(3),
            AutoCheckpoint = autoCheckpoints[random.Next(autoCheckpoints.Length)],
            MinCheckpointPages = random.Next(4, 60),
            MaxCheckpointPages = random.Next(60, 300),
            CheckpointInterval = interval == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(interval == 1 ? 2 : 20),
            Replicas = Maybe(25) ? 2 : 1,
            Steps = random.Next(60, 160),
            Faults = kinds,
            FaultRate = random.Next(3) switch { 0 => 0.02, 1 => 0.08, _ => 0.25 },
            Interleaving = random.Next(4) switch { 0 => 0, 1 => 0.1, _ => 0.4 },
            Strangers = Maybe(70),
            Stops = Maybe(60),
            Crashes = crashes,
            PowerCuts = crashes && Maybe(50),
            DyingWriters = Maybe(35),
            Tampering = Maybe(12),
            Zombies = Maybe(10),
            WrongClocks = Maybe(10),
            Vacuums = Maybe(40),
            PageSizeChanges = Maybe(20),
            LongReaders = Maybe(40),
            ShortOfSpace = Maybe(12),
            Snapshots = Maybe(40),
            Days = Maybe(20),
        };
    }
}
