using System.Buffers.Binary;
using System.Security.Cryptography;
using Litestream.Testing;
using Microsoft.Data.Sqlite;

namespace Litestream.Soak;

/// <summary>Restores a replica elsewhere and compares it with the database, which nobody writes meanwhile.</summary>
internal static class Comparison
{
    /// <summary>While the application runs: the content of every row. Returns null if all is equal, else what is not.</summary>
    public static async Task<string?> WithLiveAsync(SoakDatabase database, ILitestreamDatabase replicated, string replica, TempDirectory folder)
    {
        var output = folder.File($"{database.Name}-{replica}.db");
        await replicated.SyncAsync();
        await replicated.RestoreAsync(new RestoreOptions { OutputPath = output, Replica = replica });
        try
        {
            var (live, restored) = (Content(database.Path), Content(output));
            return live == restored ? null : $"{database.Name}: {replica} restores {restored}, the database has {live}";
        }
        finally
        {
            Delete(output);
        }
    }

    /// <summary>
    /// When everything has stopped, byte for byte: the sqlite3 command line empties the WAL into the database, and the
    /// restored file has to be the same file. Returns null if it is.
    /// </summary>
    public static async Task<string?> WithStoppedAsync(SoakDatabase database, string replica, string url, TempDirectory folder)
    {
        var checkpoint = await SqliteShell.QueryAsync(database.Path, "PRAGMA wal_checkpoint(TRUNCATE);");
        if (!checkpoint.StartsWith("0|", StringComparison.Ordinal))
        {
            return $"{database.Name}: the WAL could not be emptied, somebody still holds it: {checkpoint}";
        }

        var output = folder.File($"{database.Name}-{replica}-end.db");
        await using var client = ReplicaWatch.Open(url);
        await client.RestoreAsync(new RestoreOptions { OutputPath = output, IntegrityCheck = IntegrityCheck.Full });
        var (live, restored) = (await File.ReadAllBytesAsync(database.Path), await File.ReadAllBytesAsync(output));
        Delete(output);
        return live.AsSpan().SequenceEqual(restored)
            ? null
            : $"{database.Name}: {replica} restores {restored.Length} bytes, the database has {live.Length}, and they differ from byte {live.AsSpan().CommonPrefixLength(restored)} on";
    }

    private static string Content(string path)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, k, body FROM entry ORDER BY id";
        using var reader = command.ExecuteReader();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[16];
        var rows = 0;
        while (reader.Read())
        {
            BinaryPrimitives.WriteInt64BigEndian(numbers, reader.GetInt64(0));
            BinaryPrimitives.WriteInt64BigEndian(numbers[8..], reader.GetInt64(1));
            hash.AppendData(numbers);
            hash.AppendData((byte[])reader.GetValue(2));
            rows++;
        }

        return $"{rows} rows with {Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    private static void Delete(string path)
    {
        foreach (var suffix in (string[])["", "-wal", "-shm"])
        {
            File.Delete(path + suffix);
        }
    }
}
