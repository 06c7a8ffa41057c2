using System.Net;
using Litestream.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;

namespace Litestream.AspNetCore;

/// <summary>Databases that come and go while requests wait for their replicas.</summary>
public sealed class TenantsTests : IAsyncDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly WebApp _app = new();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_request_that_added_a_database_is_answered_when_what_it_wrote_there_is_on_the_replica()
    {
        await _app.StartAsync(app =>
        {
            app.RequireReplication();
            app.MapPost("/", async (ILitestream litestream) =>
            {
                await litestream.AddDatabaseAsync("tenant", Options());
                Write();
                return Results.Text("made");
            });
        });

        var answer = await _app.Client.PostAsync("/", null);

        (await answer.Content.ReadAsStringAsync()).Should().Be("made");
        await using var client = new FileReplicaClient(_folder.File("backup"));
        await client.RestoreAsync(new RestoreOptions { OutputPath = _folder.File("copy.db") });
        (await SqliteShell.CountAsync(_folder.File("copy.db"), "t")).Should().Be(1);
    }

    [Fact]
    public async Task A_request_that_added_a_database_in_which_there_is_nothing_yet_is_not_held()
    {
        await _app.StartAsync(app =>
        {
            app.RequireReplication();
            app.MapPost("/", async (ILitestream litestream) => (await litestream.AddDatabaseAsync("tenant", Options())).Name);
        });

        (await (await _app.Client.PostAsync("/", null)).Content.ReadAsStringAsync()).Should().Be("tenant");
    }

    [Fact]
    public async Task Neither_the_request_that_removes_a_database_nor_one_beside_it_is_refused_for_that()
    {
        var going = new TaskCompletionSource();
        var waiting = new TaskCompletionSource();
        await _app.StartAsync(app =>
        {
            app.RequireReplication();
            app.MapPost("/add", async (ILitestream litestream) =>
            {
                await litestream.AddDatabaseAsync("tenant", Options());
                Write();
            });
            app.MapPost("/remove", async (ILitestream litestream) =>
            {
                Write();
                SqliteConnection.ClearAllPools();
                await litestream.RemoveDatabaseAsync("tenant");
            });
            app.MapPost("/beside", async () =>
            {
                waiting.SetResult();
                await going.Task;
            });
        });
        (await _app.Client.PostAsync("/add", null)).StatusCode.Should().Be(HttpStatusCode.OK);
        var beside = _app.Client.PostAsync("/beside", null);
        await waiting.Task.WaitAsync(WebApp.Patience);

        (await _app.Client.PostAsync("/remove", null)).StatusCode.Should().Be(HttpStatusCode.OK);
        going.SetResult();

        (await beside).StatusCode.Should().Be(HttpStatusCode.OK);
        _app.Events.Should().NotContain("NotReplicable");
    }

    private void Write()
    {
        using var connection = new SqliteConnection($"Data Source={_folder.File("tenant.db")};Default Timeout=60");
        connection.Open();
        AppDatabase.Execute(connection, "PRAGMA journal_mode=wal");
        AppDatabase.Execute(connection, "CREATE TABLE IF NOT EXISTS t(a)");
        AppDatabase.Execute(connection, "INSERT INTO t VALUES(1)");
    }

    private DatabaseOptions Options()
    {
        var options = new DatabaseOptions { Path = _folder.File("tenant.db") };
        options.Replicas.Add("file", new ReplicaOptions { Url = _folder.File("backup"), SyncInterval = TimeSpan.FromMilliseconds(50) });
        return options;
    }
}
