namespace Litestream;

/// <summary>Which databases are replicated, and how the application stops.</summary>
public sealed class LitestreamOptions
{
    /// <summary>The databases by name.</summary>
    public IDictionary<string, DatabaseOptions> Databases { get; } = new Dictionary<string, DatabaseOptions>(StringComparer.Ordinal);

    /// <summary>How long the last upload may take while the host stops. What is not replicated by then is said in a warning.</summary>
    /// <value>Default: 20 seconds. Must be shorter than the host's own shutdown time-out to be of use.</value>
    public TimeSpan ShutdownSyncTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Whether the connection that holds the WAL is closed when the host stops. False keeps it until the process ends,
    /// so that the next start can go on where this one stopped; true is for processes that live on and want the file
    /// released (tests, deletion on Windows).
    /// </summary>
    /// <value>Default: false.</value>
    public bool ReleaseOnStop { get; set; }

    /// <summary>
    /// Adds a database with one replica. Its name is the file name without extension, the replica's name the scheme of the
    /// URL (<c>file</c> for a folder).
    /// </summary>
    /// <param name="path">The database file; relative to the content root.</param>
    /// <param name="replicaUrl">Where to replicate to: a URL, or a folder, relative to the content root.</param>
    /// <exception cref="ArgumentException">A parameter is empty, or a database of that name exists already.</exception>
    public void AddDatabase(string path, string replicaUrl)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentException.ThrowIfNullOrWhiteSpace(replicaUrl);
        var scheme = replicaUrl.IndexOf("://", StringComparison.Ordinal);
        var replicaName = scheme > 0 ? replicaUrl[..scheme].ToLowerInvariant() : "file";
        AddDatabase(
            System.IO.Path.GetFileNameWithoutExtension(path),
            database =>
            {
                database.Path = path;
                database.Replicas.Add(replicaName, new ReplicaOptions { Url = replicaUrl });
            });
    }

    /// <summary>Adds a database and configures it, or configures the one that is there under this name.</summary>
    /// <param name="name">The name of the database.</param>
    /// <param name="configure">Sets its options.</param>
    public void AddDatabase(string name, Action<DatabaseOptions> configure)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        if (!Databases.TryGetValue(name, out var database))
        {
            database = new DatabaseOptions();
            Databases.Add(name, database);
        }

        configure(database);
    }
}
