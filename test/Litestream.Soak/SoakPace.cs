namespace Litestream.Soak;

/// <summary>All times of a run, made from how long it may take: a cycle has every phase, and lasts six minutes at most.</summary>
internal sealed record SoakPace(TimeSpan Duration)
{
    /// <summary>So many cycles are needed behind the warm-up before a trend can be told from chance.</summary>
    public const int CyclesForTrend = 5;

    /// <summary>The minute by which the retention lets everything live longer, for what the granularity of clocks may hide.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    public TimeSpan Cycle { get; } = Clamp(Duration / 10, TimeSpan.FromSeconds(6), TimeSpan.FromMinutes(6));

    public int Cycles => Math.Max(1, (int)(Duration / Cycle));

    /// <summary>The first cycles, in which caches and replicas fill and the code is compiled.</summary>
    public int WarmUp => Math.Max(Math.Max(1, Cycles / 5), (int)Math.Ceiling(LongestKept / Cycle));

    public bool JudgesTrends => Cycles - WarmUp >= CyclesForTrend;

    public TimeSpan SnapshotInterval => Cycle / 6;

    public TimeSpan Retention => Cycle / 3;

    public TimeSpan RetentionCheckInterval => Cycle / 24;

    public TimeSpan VerificationInterval => Cycle / 4;

    public TimeSpan ReplicaCheckInterval => Cycle / 6;

    public TimeSpan CheckpointInterval => Cycle / 36;

    public TimeSpan SyncInterval => Clamp(Cycle / 60, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));

    public TimeSpan SampleInterval => Clamp(Cycle / 360, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));

    public TimeSpan ListInterval => Clamp(Cycle / 36, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10));

    public TimeSpan StrangerInterval => Cycle / 72;

    /// <summary>
    /// The longest time for which no WAL can start over, and so no snapshot be taken: a leaked reader, and the time without
    /// load behind it, with what a busy machine adds.
    /// </summary>
    public TimeSpan LongestStandstill => Of(Phase.LeakedReader) + Of(Phase.Idle) + (3 * CheckpointInterval) + TimeSpan.FromSeconds(30);

    /// <summary>What is older than this may not be on a replica any more: the retention and its grace, the snapshot before it, the next look.</summary>
    public TimeSpan LongestKept => Retention + Grace + SnapshotInterval + LongestStandstill + RetentionCheckInterval;

    public TimeSpan Of(Phase phase) => Cycle * (phase switch
    {
        Phase.Low => 0.20,
        Phase.Burst => 0.10,
        Phase.LeakedReader => 0.35,
        Phase.Strangers => 0.20,
        Phase.Idle => 0.15,
        _ => 0,
    });

    /// <summary>Transactions in a second, for each database.</summary>
    public static double TransactionsPerSecond(Phase phase) => phase switch
    {
        Phase.Low => 2,
        Phase.Burst => 50,
        Phase.LeakedReader => 8,
        Phase.Strangers => 8,
        _ => 0,
    };

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least, TimeSpan most) =>
        value < least ? least : value > most ? most : value;
}
