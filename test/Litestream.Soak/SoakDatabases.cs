using Litestream.Testing;

namespace Litestream.Soak;

/// <summary>The databases of a run: of several page sizes, on a folder and, where a server is given, on S3.</summary>
internal static class SoakDatabases
{
    public static IReadOnlyList<SoakDatabase> In(TempDirectory folder)
    {
        var data = Directory.CreateDirectory(folder.File("data")).FullName;
        var run = Guid.NewGuid().ToString("N");
        return
        [
            Make("orders", 4096, rows: 6000, autoCheckpoint: 1000, s3: true),
            Make("journal", 4096, rows: 3000, autoCheckpoint: 0, s3: false),
            Make("sessions", 1024, rows: 1500, autoCheckpoint: 50, s3: true),
            Make("archive", 16384, rows: 2000, autoCheckpoint: 1000, s3: false),
        ];

        SoakDatabase Make(string name, int pageSize, int rows, int autoCheckpoint, bool s3) => new()
        {
            Name = name,
            Path = Path.Combine(data, name + ".db"),
            PageSize = pageSize,
            Rows = rows,
            AutoCheckpoint = autoCheckpoint,
            Replicas =
            [
                ("folder", folder.File($"replicas/{name}")),
                .. s3 && RealServer.Endpoint is not null
                    ? new[] { ("s3", $"s3://{RealServer.Bucket}/litestream-net-tests/soak/{run}/{name}") }
                    : [],
            ],
        };
    }

    /// <summary>Deletes what is on S3; the folders go with the folder that they are in.</summary>
    public static async Task CleanAsync(IEnumerable<SoakDatabase> databases)
    {
        foreach (var (_, url) in databases.SelectMany(database => database.Replicas).Where(replica => replica.Name == "s3"))
        {
            await RealServer.CleanAsync(url);
        }
    }
}
