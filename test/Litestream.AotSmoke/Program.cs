using System.Globalization;
using Litestream;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// One life of an application, as a native executable: configure, replicate, stop, lose the database, restore, compare.
const int Rows = 1000;
var folder = Directory.CreateTempSubdirectory("litestream-net-aot-").FullName;
try
{
    var database = Path.Combine(folder, "app.db");
    var before = await RunAsync(folder, database, write: true);
    foreach (var file in Directory.GetFiles(folder, "app.db*"))
    {
        File.Delete(file);
    }

    // A host that starts without its database restores it.
    var after = await RunAsync(folder, database, write: false);

    await using var client = new FileReplicaClient(Path.Combine(folder, "replica"));
    var copy = Path.Combine(folder, "copy.db");
    var result = await client.RestoreAsync(new RestoreOptions { OutputPath = copy, IntegrityCheck = IntegrityCheck.Full });
    var restored = Read(copy);

    if (before.Count != Rows || after != before || restored != before)
    {
        Console.Error.WriteLine($"written {before}, after the restart {after}, restored {restored}");
        return 1;
    }

    Console.WriteLine($"{Rows} rows replicated and restored at {result.Position}");
    return 0;
}
finally
{
    Directory.Delete(folder, recursive: true);
}

static async Task<(long Count, string Sum)> RunAsync(string folder, string database, bool write)
{
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = folder });
    builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["Litestream:ReleaseOnStop"] = "true",
        ["Litestream:Databases:app:Path"] = "app.db",
        ["Litestream:Databases:app:Replicas:file:Url"] = "replica",
        ["Litestream:Databases:app:Replicas:file:SyncInterval"] = "100ms",
    });
    builder.Services.AddLitestream(builder.Configuration.GetSection("Litestream"));
    using var host = builder.Build();
    await host.RestoreLitestreamAsync();
    if (write)
    {
        Write(database);
    }

    await host.StartAsync();
    await host.Services.GetRequiredKeyedService<ILitestreamDatabase>("app").SyncAsync();
    var content = Read(database);
    await host.StopAsync();
    return content;
}

static void Write(string database)
{
    using var connection = Open(database);
    Execute(connection, "PRAGMA journal_mode=WAL");
    Execute(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL)");
    for (var i = 0; i < Rows; i++)
    {
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"INSERT INTO t (v) VALUES ('row {i * 7919}')"));
    }
}

static (long Count, string Sum) Read(string database)
{
    using var connection = Open(database);
    using var command = connection.CreateCommand();
    command.CommandText = "SELECT count(*), group_concat(v, ',') FROM (SELECT v FROM t ORDER BY id)";
    using var reader = command.ExecuteReader();
    reader.Read();
    return (reader.GetInt64(0), reader.GetString(1));
}

static SqliteConnection Open(string database)
{
    var connection = new SqliteConnection($"Data Source={database};Pooling=False");
    connection.Open();
    return connection;
}

static void Execute(SqliteConnection connection, string statement)
{
    using var command = connection.CreateCommand();
    command.CommandText = statement;
    command.ExecuteNonQuery();
}
