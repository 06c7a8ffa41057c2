namespace Litestream;

/// <summary>What <c>UseLitestream</c> sets on the application's connections. Set once, before the first connection opens.</summary>
public sealed class LitestreamSqliteOptions
{
    /// <summary>
    /// How long SQLite itself waits for a lock, where the application has not set a <c>busy_timeout</c>. Without one
    /// Microsoft.Data.Sqlite sleeps 150 ms at a time, however short the lock was held. Zero leaves it alone. Default: 5 s.
    /// </summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether SQLite's auto-checkpoint is switched off while the database is replicated: replication checkpoints by itself,
    /// without the pause that it makes in a commit. Default: true.
    /// </summary>
    public bool TakeOverCheckpoints { get; set; } = true;

    /// <summary>
    /// The replication, for an EF Core context that does not come from the application's services. Default: null, the one of
    /// those services. A plain connection is given its database itself.
    /// </summary>
    public ILitestream? Litestream { get; set; }

    internal static LitestreamSqliteOptions Create(Action<LitestreamSqliteOptions>? configure)
    {
        var options = new LitestreamSqliteOptions();
        configure?.Invoke(options);
        if (options.BusyTimeout < TimeSpan.Zero || options.BusyTimeout.TotalMilliseconds > int.MaxValue)
        {
            throw new ArgumentException(
                $"{nameof(LitestreamSqliteOptions)}.{nameof(BusyTimeout)} is {options.BusyTimeout}: it has to be between 0 and 24 days.", nameof(configure));
        }

        return options;
    }
}
