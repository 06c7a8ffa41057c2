using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.AspNetCore;

/// <summary>What a client of a web application gets, and when.</summary>
public sealed class RequireReplicationTests : IAsyncDisposable
{
    private readonly WebApp _app = new();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>The two ways to ask for it.</summary>
    public enum By
    {
        Endpoint,
        Middleware,
    }

    [Theory]
    [InlineData(By.Endpoint)]
    [InlineData(By.Middleware)]
    public async Task A_request_that_changed_the_database_is_answered_when_the_change_is_on_the_replica(By by)
    {
        await StartAsync(by, "POST", () =>
        {
            _app.Insert();
            return Results.Text("saved");
        });
        var (begun, uploads) = (_app.Replica.Begun, _app.Replica.Uploads);
        _app.Replica.Hold();

        var response = _app.Client.PostAsync("/", null);
        await WebApp.UntilAsync(() => _app.Replica.Begun > begun);

        response.IsCompleted.Should().BeFalse();
        _app.Replica.Uploads.Should().Be(uploads);
        _app.Replica.Release();
        var answer = await response;
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        (await answer.Content.ReadAsStringAsync()).Should().Be("saved");
        _app.Replica.Uploads.Should().BeGreaterThan(uploads);
    }

    [Theory]
    [InlineData(By.Endpoint)]
    [InlineData(By.Middleware)]
    public async Task A_request_that_changed_nothing_is_answered_while_the_replica_hangs(By by)
    {
        await StartAsync(by, "POST", () => Results.Text($"{_app.Count()}"));
        _app.Replica.Hold();
        _app.Insert();

        var answer = await _app.Client.PostAsync("/", null);

        (await answer.Content.ReadAsStringAsync()).Should().Be("1");
        answer.Headers.Contains("Litestream-Replicated").Should().BeFalse();
    }

    [Theory]
    [InlineData(By.Endpoint)]
    [InlineData(By.Middleware)]
    public async Task When_the_time_is_over_it_is_a_503_that_says_that_the_change_stands(By by)
    {
        await StartAsync(
            by,
            "POST",
            () =>
            {
                _app.Insert();
                return Results.Created("/1", "saved");
            },
            options => options.Timeout = TimeSpan.FromMilliseconds(50));
        _app.Replica.Hold();

        var answer = await _app.Client.PostAsync("/", null);

        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        answer.Headers.Location.Should().BeNull();
        answer.Headers.CacheControl!.NoStore.Should().BeTrue();
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        problem.GetProperty("status").GetInt32().Should().Be(503);
        problem.GetProperty("detail").GetString().Should().Contain("within 0.05 s").And.Contain("The change stands");
        _app.Count().Should().Be(1);
        _app.Events.Should().Contain("NotReplicatedInTime");
    }

    [Fact]
    public async Task The_applications_own_problem_details_are_used()
    {
        await StartAsync(
            By.Middleware,
            "POST",
            _app.Insert,
            options => options.Timeout = TimeSpan.FromMilliseconds(50),
            builder => builder.Services.AddProblemDetails(options =>
                options.CustomizeProblemDetails = context => context.ProblemDetails.Extensions["shop"] = "7"));
        _app.Replica.Hold();

        var answer = await _app.Client.PostAsync("/", null);

        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("shop").GetString().Should().Be("7");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_a_header_the_response_stays_and_the_header_says_how_it_went(bool replicated)
    {
        await StartAsync(
            By.Endpoint,
            "POST",
            () =>
            {
                _app.Insert();
                return Results.Text("saved");
            },
            options =>
            {
                options.Timeout = replicated ? WebApp.Patience : TimeSpan.FromMilliseconds(50);
                options.Unreplicated = UnreplicatedResponse.Header;
                options.HeaderName = "X-Durable";
            });
        if (!replicated)
        {
            _app.Replica.Hold();
        }

        var answer = await _app.Client.PostAsync("/", null);

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        answer.Headers.GetValues("X-Durable").Should().Equal(replicated ? "true" : "false");
        (await answer.Content.ReadAsStringAsync()).Should().Be("saved");
    }

    [Fact]
    public async Task A_faulted_replica_is_not_waited_for()
    {
        await StartAsync(By.Endpoint, "POST", _app.Insert, options => options.Timeout = TimeSpan.FromDays(1));
        _app.Replica.Failure = new ReplicaException("The credentials are wrong.", innerException: null, isTransient: false);

        var answer = await _app.Client.PostAsync("/", null);

        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        _app.Events.Should().Contain("NotReplicable");
    }

    [Fact]
    public async Task A_row_of_failures_is_one_warning_and_its_end_one_more_line()
    {
        await StartAsync(By.Endpoint, "POST", _app.Insert, options => options.Timeout = TimeSpan.FromSeconds(20));
        _app.Replica.Failure = new ReplicaException("The credentials are wrong.", innerException: null, isTransient: false);
        await _app.Client.PostAsync("/", null);
        await _app.Client.PostAsync("/", null);

        _app.Replica.Failure = null;
        await _app.Database.SyncAsync().WaitAsync(WebApp.Patience);
        var answer = await _app.Client.PostAsync("/", null);

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        _app.Events.Count(name => name is "NotReplicatedInTime" or "NotReplicable").Should().Be(1);
        _app.Events.Should().Contain("StillNotReplicated").And.ContainSingle(name => name == "ReplicatedInTimeAgain");
    }

    [Fact]
    public async Task A_response_without_a_body_is_held_too()
    {
        await StartAsync(By.Middleware, "DELETE", _app.Insert, options => options.Timeout = TimeSpan.FromMilliseconds(50));
        _app.Replica.Hold();

        var answer = await _app.Client.DeleteAsync("/");

        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_get_that_changes_the_database_is_held_unless_the_options_say_that_none_does()
    {
        await _app.StartAsync(app =>
        {
            app.MapGet("/held", _app.Insert).RequireReplication(options => options.Timeout = TimeSpan.FromMilliseconds(50));
            app.MapGet("/ignored", _app.Insert).RequireReplication(options => options.IgnoreSafeMethods = true);
        });
        _app.Replica.Hold();

        var held = await _app.Client.GetAsync("/held");
        var ignored = await _app.Client.GetAsync("/ignored");

        held.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        ignored.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_endpoint_within_the_middleware_only_changes_the_options()
    {
        await _app.StartAsync(app =>
        {
            app.RequireReplication(options => options.Timeout = TimeSpan.FromDays(1));
            app.MapPost("/", _app.Insert).RequireReplication(options =>
            {
                options.Timeout = TimeSpan.FromMilliseconds(50);
                options.Unreplicated = UnreplicatedResponse.Header;
            });
        });
        _app.Replica.Hold();

        var answer = await _app.Client.PostAsync("/", null);

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        answer.Headers.GetValues("Litestream-Replicated").Should().Equal("false");
        _app.Events.Should().ContainSingle(name => name == "NotReplicatedInTime");
    }

    [Fact]
    public async Task What_an_endpoint_filter_commits_counts()
    {
        await _app.StartAsync(app => app.MapPost("/", () => "done")
            .RequireReplication(options => options.Timeout = TimeSpan.FromMilliseconds(50))
            .AddEndpointFilter(async (context, next) =>
            {
                var result = await next(context);
                _app.Insert();
                return result;
            }));
        _app.Replica.Hold();

        var answer = await _app.Client.PostAsync("/", null);

        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Every_endpoint_of_a_group_is_held()
    {
        await _app.StartAsync(app =>
        {
            var group = app.MapGroup("/g").RequireReplication(options => options.Timeout = TimeSpan.FromMilliseconds(50));
            group.MapPost("/handler", _app.Insert);
            group.Map("/delegate", context =>
            {
                _app.Insert();
                return context.Response.WriteAsync("written");
            });
        });
        _app.Replica.Hold();

        (await _app.Client.PostAsync("/g/handler", null)).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await _app.Client.PostAsync("/g/delegate", null)).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_the_wait()
    {
        var inserted = new TaskCompletionSource();
        var over = new TaskCompletionSource();
        await _app.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                await next(context);
                over.SetResult();
            });
            app.MapPost("/", () =>
            {
                _app.Insert();
                inserted.SetResult();
            }).RequireReplication(options => options.Timeout = TimeSpan.FromDays(1));
        });
        _app.Replica.Hold();
        using var gone = new CancellationTokenSource();

        var request = _app.Client.PostAsync("/", null, gone.Token);
        await inserted.Task.WaitAsync(WebApp.Patience);
        await gone.CancelAsync();

        await over.Task.WaitAsync(WebApp.Patience);
        await request.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        _app.Events.Should().NotContain("NotReplicatedInTime");
    }

    [Fact]
    public async Task An_exception_of_the_handler_is_the_applications_business()
    {
        await _app.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                try
                {
                    await next(context);
                }
                catch (InvalidOperationException exception)
                {
                    context.Response.StatusCode = StatusCodes.Status418ImATeapot;
                    await context.Response.WriteAsync(exception.Message);
                }
            });
            app.RequireReplication();
            app.MapPost("/", (HttpContext context) =>
            {
                _app.Insert();
                context.Response.BodyWriter.GetSpan(10)[..10].Fill((byte)'x');
                context.Response.BodyWriter.Advance(10);
                throw new InvalidOperationException("no");
            });
        });
        _app.Replica.Hold();

        var answer = await _app.Client.PostAsync("/", null);

        answer.StatusCode.Should().Be((HttpStatusCode)StatusCodes.Status418ImATeapot);
        (await answer.Content.ReadAsStringAsync()).Should().Be("no");
    }

    [Fact]
    public async Task Without_AddLitestream_the_start_says_what_is_missing()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        await using var app = builder.Build();

        app.Invoking(a => a.RequireReplication()).Should().Throw<InvalidOperationException>().WithMessage("*AddLitestream*");
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused()
    {
        var endpoints = new NoEndpoints();

        Configuring(options => options.Timeout = TimeSpan.Zero).Should().Throw<ArgumentException>().WithMessage("*Timeout is 00:00:00*");
        Configuring(options => options.Timeout = TimeSpan.FromDays(60)).Should().Throw<ArgumentException>().WithMessage("*49 days*");
        Configuring(options => options.HeaderName = " ").Should().Throw<ArgumentException>().WithMessage("*HeaderName is empty*");
        Configuring(options => options.Unreplicated = (UnreplicatedResponse)9).Should().Throw<ArgumentException>().WithMessage("*Unreplicated is 9*");

        Action Configuring(Action<RequireReplicationOptions> configure) => () => endpoints.RequireReplication(configure);
    }

    private Task StartAsync(
        By by, string method, Delegate handler, Action<RequireReplicationOptions>? options = null, Action<WebApplicationBuilder>? configure = null) =>
        _app.StartAsync(
            app =>
            {
                if (by == By.Middleware)
                {
                    app.RequireReplication(options);
                    app.MapMethods("/", [method], handler);
                }
                else
                {
                    app.MapMethods("/", [method], handler).RequireReplication(options);
                }
            },
            configure);

    private sealed class NoEndpoints : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }
}
