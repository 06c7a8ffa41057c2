namespace Litestream;

/// <summary>One replica of a database.</summary>
public sealed class ReplicaOptions
{
    /// <summary>
    /// Where the replica lies: <c>scheme://…</c>, or a folder (relative to the content root). Kept as written; never
    /// parsed as a <see cref="Uri"/>, which would change bucket names and escapes.
    /// </summary>
    public string Url { get; set; } = "";

    /// <summary>While nobody waits, at most one upload is started in this time.</summary>
    /// <value>Default: 1 second.</value>
    public TimeSpan SyncInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The time between two snapshots, counted from the newest one on the replica. A restore replays the WAL since the
    /// last snapshot before the moment asked for. None is taken while nothing changes.
    /// </summary>
    /// <value>Default: 24 hours. Null (<c>off</c> in configuration): only each generation's first, and on demand.</value>
    public TimeSpan? SnapshotInterval { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Every moment within this time can be restored; what is not needed for that is deleted. Ages are by the store's clock.
    /// The newest snapshot before that time is kept, so the replica holds up to one <see cref="SnapshotInterval"/> more.
    /// </summary>
    /// <value>Default: 24 hours. Null (<c>off</c> in configuration): nothing is ever deleted, or a store's own rules do it.</value>
    public TimeSpan? Retention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>The shortest time between two runs of the retention. One lists the whole replica, and only runs when something is old enough.</summary>
    /// <value>Default: 1 hour.</value>
    public TimeSpan RetentionCheckInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How often the replica is listed to see whether it still holds what was uploaded and nobody else writes there. It also
    /// is at start, and before the first upload after an hour without one.
    /// </summary>
    /// <value>Default: 24 hours.</value>
    public TimeSpan ReplicaCheckInterval { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// The time between two verifications: the replica is restored into a temporary file beside the database, and compared
    /// with the database page by page. Needs the size of the database on that disk, and downloads what a restore downloads.
    /// </summary>
    /// <value>Default: null (<c>off</c> in configuration), only on demand.</value>
    public TimeSpan? VerificationInterval { get; set; }

    /// <summary>Says nothing of the URL, which may hold secrets.</summary>
    public override string ToString() => nameof(ReplicaOptions);
}
