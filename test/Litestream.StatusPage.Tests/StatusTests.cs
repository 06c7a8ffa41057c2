using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Litestream.AspNetCore.StatusPage;
using Litestream.Hosting;
using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Litestream.StatusPage;

/// <summary>What the page and programs are told.</summary>
public sealed partial class StatusTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private readonly StatusApp _app = new();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task It_says_first_that_everything_is_safe()
    {
        await _app.StartAsync();
        await _app.AddAsync("one");
        await _app.MomentAsync();

        var status = await _app.GetAsync("status");

        ((string?)status["health"]).Should().Be("safe");
        ((string?)status["summary"]).Should().Be("Everything is safe: the backup keeps up.");
        var replica = status["databases"]![0]!["replicas"]![0]!;
        ((string?)replica["position"]).Should().Be((string?)status["databases"]![0]!["position"]).And.NotBeNull();
        ((double)replica["lagSeconds"]!).Should().Be(0);
    }

    [Fact]
    public async Task A_replica_that_takes_nothing_is_a_problem_with_a_remedy()
    {
        await _app.StartAsync();
        _app.Replica.Failure = new ReplicaException($"'{_app.Folder.File("replica")}/x' could not be written: the disk is full.", isTransient: false);
        await _app.AddAsync("one");

        JsonNode status = null!;
        await StatusApp.UntilAsync(async () => (string?)(status = await _app.GetAsync("status"))["health"] == "unhealthy");

        ((string?)status["summary"]).Should().Be("The database is not protected. Somebody has to look.");
        var problem = status["databases"]![0]!["problems"]!.AsArray().Should().ContainSingle().Subject!;
        ((string?)problem["replica"]).Should().Be("primary");
        ((string?)problem["text"]).Should().Contain("the disk is full").And.Contain("'…/replica/x'");
        ((string?)problem["remedy"]).Should().NotBeNullOrEmpty();
        (await _app.Client.GetStringAsync("/litestream/status")).Should().NotContain(_app.Folder.Path);
    }

    [Fact]
    public async Task Nothing_tells_a_secret_or_a_local_path()
    {
        await _app.StartAsync(page: options => StatusApp.InPlace(options, _app.Pause));
        await _app.AddAsync("one");
        var moment = await _app.MomentAsync();
        await _app.AddAsync("two");
        await _app.RunAsync("restore", new { database = "notes", timestamp = moment });
        await _app.RunAsync("copy", new { database = "notes", generation = "no generation" });

        foreach (var path in new[] { "", "/status", "/lag?database=notes", "/history?database=notes", $"/jobs/{(await _app.GetAsync("status"))["job"]!["id"]}" })
        {
            var answer = await _app.Client.GetAsync("/litestream" + path);
            (await answer.Content.ReadAsStringAsync()).Should().NotContain("c4n4ry").And.NotContain(_app.Folder.Path);
            answer.Headers.Concat(answer.Content.Headers).SelectMany(header => header.Value).Should().NotContain(value => value.Contains("c4n4ry") || value.Contains(_app.Folder.Path));
        }

        ((string?)(await _app.GetAsync("status"))["databases"]![0]!["replicas"]![0]!["url"]).Should().Be("held://store/notes");
    }

    [Fact]
    public async Task Of_a_database_that_was_added_meanwhile_it_says_where_its_replica_is()
    {
        await _app.StartAsync(page: options => options.ShowPaths = true);
        var options = new DatabaseOptions { Path = _app.Folder.File("tenant/app.db") };
        options.Replicas["folder"] = new ReplicaOptions { Url = _app.Folder.File("tenant-replica") };
        Directory.CreateDirectory(_app.Folder.File("tenant"));

        var tenant = await _app.App.Services.GetRequiredService<ILitestream>().AddDatabaseAsync("tenant", options);

        var replica = (await _app.GetAsync("status?filter=tenant"))["databases"]![0]!["replicas"]![0]!;
        ((string?)replica["kind"]).Should().Be("file");
        ((string?)replica["url"]).Should().Be(new Uri(_app.Folder.File("tenant-replica")).AbsoluteUri);
        tenant.GetStatus().Replicas[0].Location.Should().Be(new Uri(_app.Folder.File("tenant-replica")));
    }

    [Fact]
    public async Task Paths_are_told_where_the_application_wants_it()
    {
        await _app.StartAsync(page: options => options.ShowPaths = true);

        ((string?)(await _app.GetAsync("status"))["databases"]![0]!["path"]).Should().Be(_app.DatabasePath);
    }

    [Fact]
    public async Task Every_member_of_the_answers_is_documented()
    {
        await _app.StartAsync(page: options => StatusApp.InPlace(options, _app.Pause));
        await _app.AddAsync("one");
        var job = await _app.RunAsync("restore", new { database = "notes" });
        ((string?)job["state"]).Should().Be("done", job.ToJsonString());
        var documented = Member().Matches(File.ReadAllText(Repository.Combine("docs", "status-page.md"))).Select(match => match.Groups[1].Value).ToHashSet();

        var types = new[]
        {
            typeof(PageStatus), typeof(PageDatabase), typeof(PageReplica), typeof(PageProblem), typeof(PageAllows), typeof(PageJobReport), typeof(PageLag),
            typeof(PageLagSeries), typeof(LagSample), typeof(PageHistory), typeof(PageGeneration), typeof(PageRange), typeof(PageSnapshot), typeof(PreviousDatabase),
        };
        types.SelectMany(type => type.GetProperties()).Select(property => char.ToLowerInvariant(property.Name[0]) + property.Name[1..])
            .Should().BeSubsetOf(documented);
    }

    [Fact]
    public async Task Of_many_databases_the_worst_are_shown_and_all_are_counted()
    {
        await _app.StartAsync(others: 30);
        _app.Replica.Failure = new ReplicaException("no", isTransient: false);
        await _app.AddAsync("one");
        await StatusApp.UntilAsync(async () => (string?)(await _app.GetAsync("status"))["health"] == "unhealthy");

        var some = await _app.GetAsync("status?limit=5");
        var found = await _app.GetAsync("status?filter=03");

        ((int)some["databaseCount"]!).Should().Be(31);
        some["databases"]!.AsArray().Should().HaveCount(5);
        ((string?)some["databases"]![0]!["name"]).Should().Be("notes");
        ((string?)some["summary"]).Should().Be("One of 31 databases is not protected. Somebody has to look.");
        found["databases"]!.AsArray().Select(database => (string?)database!["name"]).Should().Equal("003", "030");
    }

    [Fact]
    public async Task A_history_that_many_ask_for_is_listed_once()
    {
        await _app.StartAsync();
        await _app.AddAsync("one");
        await _app.MomentAsync();
        await _app.GetAsync("status");
        var before = _app.Replica.Listings;

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _app.GetAsync("history?database=notes")));

        answers.Select(answer => (string?)answer["listedAt"]).Distinct().Should().ContainSingle();
        answers[0]["generations"]!.AsArray().Should().ContainSingle();
        (_app.Replica.Listings - before).Should().BeLessThan(5);
    }

    [Fact]
    public async Task A_history_that_cannot_be_listed_says_why()
    {
        await _app.StartAsync();
        _app.Replica.Failure = new ReplicaException($"the store '{_app.Folder.Path}/replica' does not answer", isTransient: true);

        var answer = await _app.Client.GetAsync("/litestream/history?database=notes");

        answer.StatusCode.Should().Be(HttpStatusCode.BadGateway);
        (await answer.Content.ReadAsStringAsync()).Should().Contain("does not answer").And.Contain("try again").And.NotContain(_app.Folder.Path);
    }

    [Theory]
    [InlineData("lag?database=nobody")]
    [InlineData("history?database=nobody")]
    [InlineData("history?database=notes&replica=nobody")]
    [InlineData("jobs/nobody")]
    public async Task What_does_not_exist_is_not_found(string path)
    {
        await _app.StartAsync();

        (await _app.Client.GetAsync($"/litestream/{path}")).StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_database_that_vanishes_meanwhile_is_left_out()
    {
        await _app.StartAsync();
        var reporter = new StatusReporter(new Vanishing(_app.Database), null, null, new LitestreamPageOptions(), TimeProvider.System);

        var report = reporter.Report(null, null, new PageAllows(false, false), null);

        report.Databases.Should().ContainSingle().Which.Name.Should().Be("notes");
    }

    public static TheoryData<int> Cases() => [.. Enumerable.Range(0, Statuses().Count)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_page_is_as_strict_as_the_health_check(int index)
    {
        var status = Statuses()[index];

        var page = DatabaseProblems.Find(status, Now).Select(problem => problem.Health).DefaultIfEmpty(PageHealth.Safe).Max();
        var health = HealthRules.Find(status, new LitestreamHealthCheckOptions(), Now).Select(finding => finding.Status).DefaultIfEmpty(HealthStatus.Healthy).Min();

        (page switch
        {
            PageHealth.Unhealthy => HealthStatus.Unhealthy,
            PageHealth.Degraded => HealthStatus.Degraded,
            _ => HealthStatus.Healthy,
        }).Should().Be(health, "{0}", status);
    }

    private static List<DatabaseStatus> Statuses()
    {
        var times = new[] { TimeSpan.Zero, TimeSpan.FromSeconds(59), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromHours(3) };
        var states = Enum.GetValues<ReplicationState>();
        return
        [
            .. states.SelectMany(state => times.Select(time => Status() with { State = state, StateSince = Now - time, LastError = "an error" })),
            .. times.Select(time => Status() with { Overdue = time }),
            .. times.Select(time => Status() with { WalOverLimitSince = Now - time }),
            .. states.SelectMany(state => times.Select(time => With(Replica() with { State = state, Lag = time }))),
            With(Replica() with { VerificationError = "differs" }),
            With(Replica() with { VerificationError = "differs", State = ReplicationState.Faulted }),
            With(Replica() with { VerificationDueBy = Now.AddSeconds(-1) }),
            With(Replica() with { VerificationDueBy = Now.AddSeconds(1) }),
            With(Replica() with { Warning = "a snapshot fails" }),
        ];

        static DatabaseStatus Status() => new() { Name = "app", State = ReplicationState.Replicating, Replicas = [Replica()] };
        static ReplicaStatus Replica() => new() { Name = "primary", State = ReplicationState.Replicating };
        static DatabaseStatus With(ReplicaStatus replica) => Status() with { Replicas = [replica] };
    }

    [GeneratedRegex("`([a-z][A-Za-z]+)`")]
    private static partial Regex Member();
}
