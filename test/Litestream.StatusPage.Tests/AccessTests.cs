using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.StatusPage;

/// <summary>Who gets to see the page: nobody by oversight.</summary>
public sealed class AccessTests : IAsyncDisposable
{
    private static readonly string[] Reads = ["", "/status", "/lag?database=notes", "/history?database=notes", "/jobs/1", "/jobs/1/file"];
    private static readonly string[] Changes = ["/copy", "/restore", "/undo"];

    private readonly StatusApp _app = new();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Without_a_policy_the_application_does_not_start()
    {
        _app.Build(app => app.MapLitestream());

        await FluentActions.Awaiting(() => _app.App.StartAsync()).Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("*MapLitestream(\"/litestream\")*RequireAuthorization*AllowAnonymous()*");
    }

    [Fact]
    public async Task Without_a_policy_the_application_does_not_start_though_it_has_policies()
    {
        _app.Build(app => app.MapLitestream(), StatusApp.AddUsers);

        await FluentActions.Awaiting(() => _app.App.StartAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*RequireAuthorization*");
    }

    [Fact]
    public async Task A_policy_for_restores_alone_is_none_for_the_page()
    {
        _app.Build(app => app.MapLitestream("/litestream", options => options.RestoreAuthorizationPolicy = "operators"), StatusApp.AddUsers);

        await FluentActions.Awaiting(() => _app.App.StartAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*RequireAuthorization*");
    }

    [Fact]
    public async Task Open_to_everybody_with_a_policy_for_restores_the_application_does_not_start()
    {
        _app.Build(
            app => app.MapLitestream("/litestream", options => options.RestoreAuthorizationPolicy = "operators").AllowAnonymous(), StatusApp.AddUsers);

        await FluentActions.Awaiting(() => _app.App.StartAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*RestoreAuthorizationPolicy*");
    }

    [Fact]
    public async Task In_a_group_without_a_policy_the_application_stops_and_has_served_nothing()
    {
        _app.Build(app => app.MapGroup("/admin").MapLitestream("/litestream"));
        var stopping = new TaskCompletionSource();
        _app.App.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);

        await _app.App.StartAsync();

        await stopping.Task.WaitAsync(StatusApp.Patience);
        _app.Logs.GetSnapshot().Should().Contain(record => record.Id.Name == "PageUnprotected" && record.Message.Contains("RequireAuthorization"));
    }

    [Fact]
    public async Task What_refuses_to_start_serves_nothing_either()
    {
        // Whatever becomes of the check at the start: every endpoint refuses by itself.
        _app.Build(app => app.MapLitestream());

        var endpoints = ((IEndpointRouteBuilder)_app.App).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/litestream", StringComparison.Ordinal)).ToList();

        endpoints.Should().HaveCount(10);
        foreach (var endpoint in endpoints)
        {
            await FluentActions.Awaiting(() => endpoint.RequestDelegate!(new DefaultHttpContext { RequestServices = _app.App.Services }))
                .Should().ThrowAsync<InvalidOperationException>().WithMessage("*RequireAuthorization*");
        }
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("guest", HttpStatusCode.Forbidden)]
    public async Task Who_does_not_satisfy_the_policy_learns_nothing(string? user, HttpStatusCode expected)
    {
        await _app.StartAsync(app => app.MapLitestream().RequireAuthorization("viewers"), StatusApp.AddUsers);
        using var client = _app.NewClient(user);

        foreach (var path in Reads)
        {
            await ShouldBeRefusedAsync(await client.GetAsync("/litestream" + path), expected);
        }

        foreach (var path in Changes)
        {
            await ShouldBeRefusedAsync(await client.PostAsJsonAsync("/litestream" + path, new { database = "notes" }), expected);
        }

        await ShouldBeRefusedAsync(await client.DeleteAsync("/litestream/jobs/1"), expected);
    }

    [Fact]
    public async Task Who_satisfies_the_policy_sees_the_page()
    {
        await _app.StartAsync(app => app.MapLitestream().RequireAuthorization("viewers"), StatusApp.AddUsers);
        using var client = _app.NewClient("viewer");

        (await client.GetStringAsync("/litestream")).Should().Contain("<title>Backup</title>");
        (await client.GetStringAsync("/litestream/status")).Should().Contain("\"health\":");
    }

    [Fact]
    public async Task A_group_around_it_protects_it()
    {
        await _app.StartAsync(app => app.MapGroup("/admin").RequireAuthorization("operators").MapLitestream("/backup"), StatusApp.AddUsers);
        using var viewer = _app.NewClient("viewer");
        using var operators = _app.NewClient("operator");

        (await viewer.GetAsync("/admin/backup")).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await operators.GetAsync("/admin/backup")).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_fallback_policy_protects_it()
    {
        await _app.StartAsync(app => app.MapLitestream(), services =>
        {
            StatusApp.AddUsers(services);
            services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        });
        using var viewer = _app.NewClient("viewer");

        await ShouldBeRefusedAsync(await _app.Client.GetAsync("/litestream/status"), HttpStatusCode.Unauthorized);
        (await viewer.GetAsync("/litestream/status")).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_fallback_policy_that_nobody_looks_at_protects_nothing_so_nothing_is_served()
    {
        // No AddAuthorization, so no middleware is added either.
        await _app.StartAsync(app => app.MapLitestream(), services => services.AddSingleton<IAuthorizationPolicyProvider, EverybodyWhoIsKnown>());

        (await _app.Client.GetAsync("/litestream/status")).StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        _app.Logs.GetSnapshot().Should().Contain(record => record.Exception != null && record.Exception.Message.Contains("UseAuthorization"));
    }

    [Fact]
    public async Task A_policy_for_restores_keeps_viewers_from_them_and_the_page_shows_them_none()
    {
        await _app.StartAsync(
            app => app.MapLitestream("/litestream", options =>
            {
                options.RestoreAuthorizationPolicy = "operators";
                options.CopyDirectory = _app.CopyFolder;
            }).RequireAuthorization("viewers"),
            StatusApp.AddUsers);
        using var viewer = _app.NewClient("viewer");
        using var operators = _app.NewClient("operator");

        ((bool)JsonNode.Parse(await viewer.GetStringAsync("/litestream/status"))!["allows"]!["download"]!).Should().BeFalse();
        ((bool)JsonNode.Parse(await operators.GetStringAsync("/litestream/status"))!["allows"]!["download"]!).Should().BeTrue();
        foreach (var path in Changes)
        {
            (await viewer.PostAsJsonAsync("/litestream" + path, new { database = "notes" })).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        }

        (await operators.PostAsJsonAsync("/litestream/copy", new { database = "notes" })).StatusCode.Should().Be(HttpStatusCode.Accepted);
        _app.Logs.GetSnapshot().Should().Contain(record => record.Id.Name == "PageRestoreBegun" && record.Message.Contains("a operator"));
    }

    [Fact]
    public async Task Open_to_everybody_nothing_is_downloaded_unless_that_is_allowed_too()
    {
        await _app.StartAsync(app => app.MapLitestream().AllowAnonymous());

        (await _app.GetAsync("status"))["allows"]!.ToJsonString().Should().Be("""{"download":false,"restoreInPlace":false}""");
        foreach (var path in new[] { "copy", "restore", "undo" })
        {
            (await _app.BeginAsync(path, new { database = "notes" })).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        }
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    public async Task Another_site_does_nothing_with_the_rights_of_whoever_looks(string header, string value)
    {
        await _app.StartAsync();
        _app.Client.DefaultRequestHeaders.Add(header, value);

        (await _app.BeginAsync("copy", new { database = "notes" })).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await _app.Client.GetAsync("/litestream/history?database=notes")).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await _app.Client.GetAsync("/litestream")).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Without_the_header_of_the_page_nothing_is_changed()
    {
        await _app.StartAsync();
        _app.Client.DefaultRequestHeaders.Remove("Litestream-Page");

        (await _app.BeginAsync("copy", new { database = "notes" })).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await _app.Client.DeleteAsync("/litestream/jobs/1")).StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task The_page_itself_may()
    {
        await _app.StartAsync();
        _app.Client.DefaultRequestHeaders.Add("Origin", _app.Address);

        (await _app.BeginAsync("copy", new { database = "notes" })).StatusCode.Should().Be(HttpStatusCode.Accepted);
    }

    [Fact]
    public void Restoring_in_place_without_a_way_to_close_connections_is_refused_at_once()
    {
        _app.Invoking(app => app.Build(page: options => options.AllowRestoreInPlace = true)).Should().Throw<ArgumentException>().WithMessage("*CloseConnections*");
    }

    private static async Task ShouldBeRefusedAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        answer.StatusCode.Should().Be(expected);
        (await answer.Content.ReadAsStringAsync()).Should().BeEmpty();
        answer.Headers.Should().NotContain(header => header.Value.Any(value => value.Contains("notes")));
    }

    private sealed class EverybodyWhoIsKnown : IAuthorizationPolicyProvider
    {
        private static readonly AuthorizationPolicy Known = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build();

        public Task<AuthorizationPolicy?> GetPolicyAsync(string policyName) => Task.FromResult<AuthorizationPolicy?>(Known);

        public Task<AuthorizationPolicy> GetDefaultPolicyAsync() => Task.FromResult(Known);

        public Task<AuthorizationPolicy?> GetFallbackPolicyAsync() => Task.FromResult<AuthorizationPolicy?>(Known);
    }
}
