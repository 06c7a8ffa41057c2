using Microsoft.Data.Sqlite;

namespace Litestream.Docs.Examples;

/// <summary>The code blocks of docs/tenants.md.</summary>
public static class Tenants
{
    public static Delegate[] All()
    {
        return [OpenTenantAsync, CloseTenantAsync, ForgetTenantAsync];

        async Task OpenTenantAsync(ILitestream litestream, string id, CancellationToken cancellationToken)
        {
            var options = new DatabaseOptions { Path = $"data/tenants/{id}/app.db" };
            options.Replicas.Add("primary", new ReplicaOptions { Url = $"s3://my-bucket/tenants/{id}" });
            await litestream.AddDatabaseAsync($"tenant-{id}", options, cancellationToken);
        }

        async Task CloseTenantAsync(ILitestream litestream, string id, string folder)
        {
            SqliteConnection.ClearAllPools();            // the application's own connections first
            await litestream.RemoveDatabaseAsync($"tenant-{id}");
            Directory.Delete(folder, recursive: true);   // only now: everything is in the backup
        }

        async Task ForgetTenantAsync(ILitestream litestream, string id, DatabaseOptions options)
        {
            BackupDeletion deleted = await litestream.DeleteBackupAsync($"tenant-{id}", options);
            Console.WriteLine($"{deleted.Objects} objects, {deleted.Bytes} bytes");
        }
    }
}
