namespace Litestream;

/// <summary>How to bring a database back in place, while its application runs.</summary>
public sealed class InPlaceRestoreOptions
{
    /// <summary>What to restore. <see cref="RestoreOptions.OutputPath"/> stays empty: it is the database itself.</summary>
    public RestoreOptions Restore { get; set; } = new();

    /// <summary>
    /// Closes every connection to the database in this process, the pooled ones too, and keeps others from being opened until
    /// the restore has returned. Required. Called once the restored file is ready, so that the application is without its database
    /// only for the moment in which the files are exchanged. With Microsoft.Data.Sqlite: stop whoever uses the database, then
    /// <c>SqliteConnection.ClearAllPools()</c>.
    /// </summary>
    public Func<CancellationToken, Task>? CloseConnections { get; set; }

    /// <summary>How long a connection that is still open is waited for, before nothing is changed and the restore fails.</summary>
    /// <value>Default: 30 seconds.</value>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
