using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;

namespace Litestream.StatusPage;

/// <summary>Copies, restores in place, and the way back, while the application works.</summary>
public sealed class RestoreTests : IAsyncDisposable
{
    private readonly StatusApp _app = new();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_copy_is_what_a_restore_gives_and_nothing_of_it_stays()
    {
        await _app.StartAsync();
        await _app.AddAsync("one", "two");
        var moment = await _app.MomentAsync();
        await _app.AddAsync("three");
        await _app.MomentAsync();

        var job = await _app.RunAsync("copy", new { database = "notes", replica = "primary", timestamp = moment });
        ((string?)job["state"]).Should().Be("ready", job.ToJsonString());
        var answer = await _app.Client.GetAsync($"/litestream/jobs/{job["id"]}/file");
        var copy = _app.Folder.File("downloaded.db");
        await File.WriteAllBytesAsync(copy, await answer.Content.ReadAsByteArrayAsync());

        answer.Content.Headers.ContentDisposition!.FileName.Should().Match("notes-*Z.db");
        await _app.Database.RestoreAsync(new RestoreOptions { OutputPath = _app.Folder.File("restored.db"), Timestamp = moment });
        (await File.ReadAllBytesAsync(copy)).Should().Equal(await File.ReadAllBytesAsync(_app.Folder.File("restored.db")));
        (await StatusApp.TextsOfAsync(copy)).Should().Equal("one", "two");
        ((string?)(await _app.EndAsync((string)job["id"]!))["state"]).Should().Be("done");
        Directory.EnumerateFileSystemEntries(_app.CopyFolder).Should().BeEmpty();
        (await _app.Client.GetAsync($"/litestream/jobs/{job["id"]}/file")).StatusCode.Should().Be(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_copy_that_waits_has_no_name_that_somebody_could_open()
    {
        await _app.StartAsync();
        await _app.AddAsync("one");
        await _app.MomentAsync();

        var job = await _app.RunAsync("copy", new { database = "notes" });

        ((string?)job["state"]).Should().Be("ready");
        if (!OperatingSystem.IsWindows())
        {
            Directory.EnumerateFiles(_app.CopyFolder, "*", SearchOption.AllDirectories).Should().BeEmpty();
        }

        (await _app.Client.DeleteAsync($"/litestream/jobs/{job["id"]}")).StatusCode.Should().Be(HttpStatusCode.OK);
        ((string?)(await _app.GetAsync($"jobs/{job["id"]}"))["state"]).Should().Be("cancelled");
        Directory.EnumerateFileSystemEntries(_app.CopyFolder).Should().BeEmpty();
    }

    [Fact]
    public async Task One_at_a_time_and_it_can_be_cancelled()
    {
        await _app.StartAsync();
        await _app.AddAsync("one");
        await _app.MomentAsync();
        _app.Replica.HoldReads();
        var id = (string)JsonNode.Parse(await (await _app.BeginAsync("copy", new { database = "notes" })).Content.ReadAsStringAsync())!["id"]!;

        var second = await _app.BeginAsync("copy", new { database = "notes" });
        await _app.Client.DeleteAsync($"/litestream/jobs/{id}");
        var cancelled = await _app.EndAsync(id);

        second.StatusCode.Should().Be(HttpStatusCode.Conflict);
        ((string?)cancelled["state"]).Should().Be("cancelled");
        Directory.EnumerateFileSystemEntries(_app.CopyFolder).Should().BeEmpty();
        _app.Replica.LetRead();
        ((string?)(await _app.RunAsync("copy", new { database = "notes" }))["state"]).Should().Be("ready");
    }

    [Fact]
    public async Task A_copy_that_waits_makes_room_for_the_next_and_the_end_of_the_application_removes_it()
    {
        await _app.StartAsync();
        await _app.AddAsync("one");
        await _app.MomentAsync();
        await _app.RunAsync("copy", new { database = "notes" });

        await _app.RunAsync("copy", new { database = "notes" });
        Directory.EnumerateFileSystemEntries(_app.CopyFolder).Should().ContainSingle();
        await _app.App.StopAsync();

        Directory.EnumerateFileSystemEntries(_app.CopyFolder).Should().BeEmpty();
    }

    [Fact]
    public async Task What_cannot_be_restored_says_why_and_what_helps()
    {
        await _app.StartAsync();

        var job = await _app.RunAsync("copy", new { database = "notes", timestamp = new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero) });

        ((string?)job["state"]).Should().Be("failed");
        ((string?)job["text"]).Should().Contain("2001");
        ((string?)job["remedy"]).Should().NotBeNullOrEmpty();
        Directory.EnumerateFileSystemEntries(_app.CopyFolder).Should().BeEmpty();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    public async Task Nonsense_is_refused(string body)
    {
        await _app.StartAsync();

        var answer = await _app.Client.PostAsync("/litestream/copy", new StringContent(body, null, "application/json"));

        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await _app.Client.PostAsync("/litestream/copy", new StringContent("{}"))).StatusCode.Should().Be(HttpStatusCode.UnsupportedMediaType);
        (await _app.BeginAsync("copy", new { database = new string('x', 10_000) })).StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task A_running_application_goes_back_and_forth_and_nothing_of_one_database_gets_into_the_other()
    {
        await _app.StartAsync(page: options => StatusApp.InPlace(options, _app.Pause));
        await _app.AddAsync("one", "two");
        var moment = await _app.MomentAsync();
        await _app.AddAsync("mistake");
        using var stop = new CancellationTokenSource();
        var accepted = new ConcurrentQueue<string>();
        var refused = new ConcurrentQueue<HttpResponseMessage>();
        var work = Enumerable.Range(0, 4).Select(i => WorkAsync(i, accepted, refused, stop.Token)).ToArray();
        await StatusApp.UntilAsync(() => Task.FromResult(accepted.Count > 20));

        var job = await _app.RunAsync("restore", new { database = "notes", timestamp = moment });
        ((string?)job["state"]).Should().Be("done", job.ToJsonString());
        var after = accepted.Count;
        await StatusApp.UntilAsync(() => Task.FromResult(accepted.Count > after + 20));
        await stop.CancelAsync();
        await Task.WhenAll(work);

        // Every note that was accepted is in exactly one of the two: in the one it was written to.
        var now = await _app.NotesAsync();
        var before = await StatusApp.TextsOfAsync(Path.Combine(_app.Folder.Path, (string)job["previous"]!));
        now.Should().StartWith(["one", "two"]).And.NotContain("mistake");
        before.Should().StartWith(["one", "two", "mistake"]);
        now.Skip(2).Concat(before.Skip(3)).Should().BeEquivalentTo(accepted);
        foreach (var answer in refused)
        {
            // Whether any met the exchange at all depends on how long it took.
            answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            answer.Headers.RetryAfter!.Delta.Should().BePositive();
        }

        // What was written since is in the backup too.
        await _app.MomentAsync();
        (await RestoredAsync()).Should().Equal(now);

        var undone = await _app.RunAsync("undo", new { database = "notes", previous = (string)job["previous"]! });
        ((string?)undone["state"]).Should().Be("done", undone.ToJsonString());
        (await _app.NotesAsync()).Should().Equal(before);
        (await StatusApp.TextsOfAsync(Path.Combine(_app.Folder.Path, (string)undone["previous"]!))).Should().Equal(now);
        await _app.AddAsync("and on");
        await _app.MomentAsync();
        (await RestoredAsync()).Should().Equal([.. before, "and on"]);
        _app.Pause.IsPaused.Should().BeFalse();
    }

    [Fact]
    public async Task While_it_is_exchanged_requests_get_a_clear_answer()
    {
        var (closing, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var again = 0;
        await _app.StartAsync(page: options =>
        {
            StatusApp.InPlace(options, _app.Pause);
            options.CloseConnections = async (_, _) =>
            {
                closing.SetResult();
                await goOn.Task;
                SqliteConnection.ClearAllPools();
            };
            options.AfterRestore = (_, _) =>
            {
                again++;
                return Task.CompletedTask;
            };
        });
        await _app.AddAsync("one");
        await _app.MomentAsync();
        var begun = await _app.BeginAsync("restore", new { database = "notes" });
        await closing.Task.WaitAsync(StatusApp.Patience);

        var answer = await _app.Client.GetAsync("/notes");
        using var browser = _app.NewClient();
        browser.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        var page = await browser.GetAsync("/notes");
        var status = await _app.GetAsync("status");
        goOn.SetResult();
        await _app.EndAsync((string)JsonNode.Parse(await begun.Content.ReadAsStringAsync())!["id"]!);

        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(2));
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        (await answer.Content.ReadAsStringAsync()).Should().Contain("Nothing was done");
        page.Content.Headers.ContentType!.MediaType.Should().Be("text/html");
        (await page.Content.ReadAsStringAsync()).Should().Contain("Try again in a few seconds");
        ((string?)status["job"]!["state"]).Should().Be("running");
        again.Should().Be(1);
        (await _app.NotesAsync()).Should().Equal("one");
    }

    [Fact]
    public async Task Where_the_application_does_not_let_go_nothing_is_changed_and_requests_are_let_in_again()
    {
        await _app.StartAsync(page: options =>
        {
            StatusApp.InPlace(options, _app.Pause);
            options.CloseConnections = (_, _) => throw new InvalidOperationException($"The worker on {_app.DatabasePath} does not stop.");
        });
        await _app.AddAsync("one");
        var moment = await _app.MomentAsync();
        await _app.AddAsync("two");
        await _app.MomentAsync();

        var job = await _app.RunAsync("restore", new { database = "notes", timestamp = moment });

        ((string?)job["state"]).Should().Be("failed");
        ((string?)job["text"]).Should().Be("The worker on …/notes.db does not stop.");
        (await _app.NotesAsync()).Should().Equal("one", "two");
        (await _app.GetAsync("history?database=notes"))["previous"]!.AsArray().Should().BeEmpty();
    }

    [Theory]
    [InlineData("notes.db")]
    [InlineData("../notes.db.before-restore-20261128T034645Z")]
    [InlineData("")]
    public async Task Only_what_a_restore_put_aside_is_put_back(string file)
    {
        await _app.StartAsync(page: options => StatusApp.InPlace(options, _app.Pause));

        (await _app.BeginAsync("undo", new { database = "notes", previous = file })).StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    private async Task WorkAsync(int worker, ConcurrentQueue<string> accepted, ConcurrentQueue<HttpResponseMessage> refused, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var text = $"{worker}.{i}";
            var answer = await _app.Client.PostAsJsonAsync("/notes", text, CancellationToken.None);
            if (answer.StatusCode == HttpStatusCode.Created)
            {
                accepted.Enqueue(text);
            }
            else
            {
                refused.Enqueue(answer);
            }

            var read = await _app.Client.GetAsync("/notes", CancellationToken.None);
            if (!read.IsSuccessStatusCode)
            {
                refused.Enqueue(read);
            }
        }
    }

    private async Task<string[]> RestoredAsync()
    {
        var path = _app.Folder.File($"restored-{Guid.NewGuid():N}.db");
        await _app.Database.RestoreAsync(new RestoreOptions { OutputPath = path });
        return await StatusApp.TextsOfAsync(path);
    }
}
