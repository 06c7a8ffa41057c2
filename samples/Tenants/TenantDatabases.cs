using Litestream;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Tenants;

/// <summary>The tenants' databases: each is replicated from its first use on, and restored then if its file is missing.</summary>
public sealed class TenantDatabases(ILitestream litestream, IHostEnvironment environment, IConfiguration configuration)
{
    private readonly string _root = Path.Combine(environment.ContentRootPath, "data", "tenants");

    // A folder, or s3://bucket/prefix.
    private readonly string _backups = configuration["Backup"] ?? "backups";

    /// <summary>A context on the database of a tenant who is in the catalogue.</summary>
    public async Task<TenantDb> OpenAsync(string id, CancellationToken cancellationToken)
    {
        await EnsureReplicatedAsync(id, cancellationToken);
        return new TenantDb(new DbContextOptionsBuilder<TenantDb>()
            .UseSqlite(ConnectionString(id))
            .UseLitestream(options => options.Litestream = litestream)
            .Options);
    }

    /// <summary>Has the database restored if it is missing, and replicated. Does nothing if it is already.</summary>
    public async Task EnsureReplicatedAsync(string id, CancellationToken cancellationToken)
    {
        if (litestream.FindDatabase(PathOf(id)) is not null)
        {
            return;
        }

        try
        {
            await litestream.AddDatabaseAsync(NameOf(id), OptionsOf(id), cancellationToken);
        }
        catch (InvalidOperationException) when (litestream.FindDatabase(PathOf(id)) is not null)
        {
            // Another request was first.
        }
    }

    /// <summary>Ends the replication and removes the files. The backup stays.</summary>
    public async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        SqliteConnection.ClearPool(new SqliteConnection(ConnectionString(id)));
        if (litestream.FindDatabase(PathOf(id)) is not null)
        {
            // Throws if something is not replicated yet: then the files stay.
            await litestream.RemoveDatabaseAsync(NameOf(id), cancellationToken);
        }

        if (Directory.Exists(FolderOf(id)))
        {
            Directory.Delete(FolderOf(id), recursive: true);
        }
    }

    /// <summary>Deletes the backup of a tenant who was removed. There is no way back.</summary>
    public Task<BackupDeletion> DeleteBackupAsync(string id, CancellationToken cancellationToken) =>
        litestream.DeleteBackupAsync(NameOf(id), OptionsOf(id), cancellationToken);

    /// <summary>Whether there is something on this disk that may not have been replicated when the application ended.</summary>
    public bool HasFile(string id) => File.Exists(PathOf(id));

    /// <summary>It becomes part of paths and of URLs.</summary>
    public static bool IsId(string? id) => id is { Length: > 0 and <= 40 } && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c));

    private DatabaseOptions OptionsOf(string id)
    {
        var options = new DatabaseOptions { Path = PathOf(id) };
        options.Replicas.Add("primary", new ReplicaOptions { Url = $"{_backups}/tenants/{id}" });
        return options;
    }

    private string ConnectionString(string id) => $"Data Source={PathOf(id)}";

    private string PathOf(string id) => Path.Combine(FolderOf(id), "app.db");

    // A folder for each, which holds the database and everything that lies beside it.
    private string FolderOf(string id) => Path.Combine(_root, id);

    private static string NameOf(string id) => $"tenant-{id}";
}
