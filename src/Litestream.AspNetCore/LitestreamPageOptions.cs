namespace Litestream;

/// <summary>What the page of <c>MapLitestream</c> shows and allows. Set once; not changed while requests run.</summary>
public sealed class LitestreamPageOptions
{
    /// <summary>
    /// Whether a restored copy of a database may be downloaded, which is all of its content. Default: null, to all who are
    /// authorized to see the page, and to nobody where it is open to everybody by <c>AllowAnonymous</c>.
    /// </summary>
    public bool? AllowDownload { get; set; }

    /// <summary>
    /// Whether a database may be restored in place, and that be taken back, from the page. It changes what the application
    /// works with, so it needs <see cref="CloseConnections"/>. Default: false.
    /// </summary>
    public bool AllowRestoreInPlace { get; set; }

    /// <summary>
    /// The name of an authorization policy that whoever downloads a copy or restores in place has to satisfy besides what is
    /// required of those who look at the page. Default: null, none.
    /// </summary>
    public string? RestoreAuthorizationPolicy { get; set; }

    /// <summary>
    /// Closes every connection to this database in this process, those in pools too. Called during a restore in place, after
    /// <see cref="Pause"/>; see <see cref="InPlaceRestoreOptions.CloseConnections"/>. With Microsoft.Data.Sqlite:
    /// <c>SqliteConnection.ClearAllPools()</c>.
    /// </summary>
    public Func<ILitestreamDatabase, CancellationToken, Task>? CloseConnections { get; set; }

    /// <summary>
    /// Called once the restore in place is over, done or not, if <see cref="CloseConnections"/> was called: begins again what
    /// that ended, and forgets what the application keeps in memory of the old database. Before <see cref="Pause"/> lets requests in.
    /// </summary>
    public Func<ILitestreamDatabase, CancellationToken, Task>? AfterRestore { get; set; }

    /// <summary>Holds requests off while a database is restored in place. Default: null, that is the application's own business.</summary>
    public RequestPause? Pause { get; set; }

    /// <summary>
    /// Whether full local paths are shown: of databases, of folders that are replicas, in errors. Default: false, file names only.
    /// </summary>
    public bool ShowPaths { get; set; }

    /// <summary>
    /// Where a copy lies until it is downloaded, in a folder of its own that is its user's alone. Default: null, the system's
    /// folder for temporary files. It needs room for the largest database.
    /// </summary>
    public string? CopyDirectory { get; set; }

    internal static LitestreamPageOptions Create(Action<LitestreamPageOptions>? configure)
    {
        var options = new LitestreamPageOptions();
        configure?.Invoke(options);
        if (options.AllowRestoreInPlace && options.CloseConnections is null)
        {
            throw new ArgumentException(
                $"{nameof(AllowRestoreInPlace)} needs {nameof(CloseConnections)}: only the application can close its connections. With Microsoft.Data.Sqlite it calls SqliteConnection.ClearAllPools().",
                nameof(configure));
        }

        return options;
    }
}
