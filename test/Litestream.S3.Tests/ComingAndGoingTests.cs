using System.Globalization;
using Litestream.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.S3;

/// <summary>A database for each tenant, in one bucket.</summary>
[Trait("Category", "RealServer")]
public sealed class ComingAndGoingTests : IAsyncLifetime
{
    private readonly TempDirectory _folder = new();
    private readonly string _url = RealServer.WhatIsMissing is null ? RealServer.NewUrl("tenants") : "";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_url.Length > 0)
        {
            await RealServer.CleanAsync(_url);
        }

        _folder.Dispose();
    }

    [S3Fact]
    public async Task A_tenant_comes_back_from_the_bucket_and_its_backup_is_deleted_without_touching_its_neighbour()
    {
        using var host = Start();
        await host.StartAsync();
        var litestream = host.Services.GetRequiredService<ILitestream>();
        foreach (var tenant in new[] { "1", "10" })
        {
            await litestream.AddDatabaseAsync(tenant, Options(tenant));
            Write(tenant, rows: 5);
            await litestream.RemoveDatabaseAsync(tenant);
            Directory.Delete(_folder.File(tenant), recursive: true);
        }

        await litestream.AddDatabaseAsync("1", Options("1"));
        Count("1").Should().Be(5);
        await litestream.RemoveDatabaseAsync("1");
        await using var client = new S3ReplicaClient(_url, RealServer.Options());
        await client.WriteAsync("1/not-ours", new MemoryStream([1]));
        var neighbour = await client.ListAsync("10/").Select(found => found.Key).ToListAsync();

        var deleted = await litestream.DeleteBackupAsync("1", Options("1"));

        deleted.Objects.Should().BeGreaterThan(1);
        (await client.ListAsync("1/").Select(found => found.Key).ToListAsync()).Should().Equal("1/not-ours");
        (await client.ListAsync("10/").Select(found => found.Key).ToListAsync()).Should().Equal(neighbour).And.NotBeEmpty();
        Directory.Delete(_folder.File("1"), recursive: true);
        await litestream.AddDatabaseAsync("10", Options("10"));
        Count("10").Should().Be(5);
        await litestream.AddDatabaseAsync("1", Options("1"));
        File.Exists(_folder.File("1/app.db")).Should().BeFalse("there is no backup any more");
        await host.StopAsync();
    }

    private static IHost Start()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging();
        builder.Services.AddLitestream(options => options.ReleaseOnStop = true).AddS3(options =>
        {
            var real = RealServer.Options();
            (options.Endpoint, options.Region) = (real.Endpoint, real.Region);
            (options.AccessKeyId, options.SecretAccessKey) = (real.AccessKeyId, real.SecretAccessKey);
        });
        return builder.Build();
    }

    private DatabaseOptions Options(string tenant)
    {
        Directory.CreateDirectory(_folder.File(tenant));
        var options = new DatabaseOptions { Path = _folder.File($"{tenant}/app.db") };
        options.Replicas.Add("primary", new ReplicaOptions { Url = $"{_url}/{tenant}" });
        return options;
    }

    private void Write(string tenant, int rows) =>
        Run(tenant, string.Create(CultureInfo.InvariantCulture, $"PRAGMA journal_mode=wal; CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{rows}) INSERT INTO t SELECT i FROM n"));

    private long Count(string tenant) => (long)Run(tenant, "SELECT count(*) FROM t")!;

    private object? Run(string tenant, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.File($"{tenant}/app.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
