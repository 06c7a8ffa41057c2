using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Litestream.AspNetCore;

/// <summary>Responses that are written piece by piece.</summary>
public sealed class StreamingTests : IAsyncDisposable
{
    private readonly WebApp _app = new();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_response_does_not_begin_before_what_was_committed_is_on_the_replica()
    {
        await StartAsync(WebApp.Patience, async context =>
        {
            await context.Response.Body.WriteAsync("first"u8.ToArray());
            await context.Response.Body.FlushAsync();
        });
        var begun = _app.Replica.Begun;
        _app.Replica.Hold();

        var response = _app.Client.GetAsync("/insert-first", HttpCompletionOption.ResponseHeadersRead);
        await WebApp.UntilAsync(() => _app.Replica.Begun > begun);

        response.IsCompleted.Should().BeFalse();
        _app.Replica.Release();
        (await (await response).Content.ReadAsStringAsync()).Should().Be("first");
    }

    [Fact]
    public async Task What_is_committed_after_the_response_has_begun_holds_its_end()
    {
        var more = new TaskCompletionSource();
        await StartAsync(WebApp.Patience, async context =>
        {
            await context.Response.WriteAsync("first");
            await more.Task;
            _app.Insert();
            await context.Response.WriteAsync("last");
        });
        var begun = _app.Replica.Begun;
        _app.Replica.Hold();

        using var response = await _app.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        var content = response.Content.ReadAsStringAsync();
        more.SetResult();
        await WebApp.UntilAsync(() => _app.Replica.Begun > begun);

        content.IsCompleted.Should().BeFalse();
        _app.Replica.Release();
        (await content).Should().Be("firstlast");
    }

    [Fact]
    public async Task A_response_that_has_begun_does_not_look_complete_when_the_time_is_over()
    {
        await StartAsync(TimeSpan.FromMilliseconds(50), async context =>
        {
            await context.Response.WriteAsync("first");
            _app.Insert();
        });
        _app.Replica.Hold();

        using var response = await _app.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        await response.Content.Invoking(content => content.ReadAsStringAsync()).Should().ThrowAsync<HttpRequestException>();
        await WebApp.UntilAsync(() => _app.Events.Contains("ResponseAborted"));
    }

    [Fact]
    public async Task After_a_refusal_what_the_handler_still_writes_is_dropped()
    {
        var completed = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await StartAsync(TimeSpan.FromMilliseconds(50), async context =>
        {
            _app.Insert();
            var written = await context.Response.BodyWriter.WriteAsync("first"u8.ToArray());
            completed.SetResult(written.IsCompleted);
            context.Response.BodyWriter.GetMemory(5);
            context.Response.BodyWriter.Advance(5);
            await context.Response.BodyWriter.FlushAsync();
            await context.Response.WriteAsync("more");
            await context.Response.SendFileAsync(_app.DatabasePath);
        });
        _app.Replica.Hold();

        var response = await _app.Client.GetAsync("/");

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await response.Content.ReadAsStringAsync()).Should().StartWith("{").And.EndWith("}");
        (await completed.Task.WaitAsync(WebApp.Patience)).Should().BeTrue("a writer that asks need not go on");
    }

    [Fact]
    public async Task Every_way_to_write_a_body_comes_through_byte_for_byte()
    {
        var file = _app.DatabasePath + ".txt";
        await File.WriteAllTextAsync(file, "0123456789");
        var expected = new StringBuilder();
        await StartAsync(WebApp.Patience, async context =>
        {
            expected.Clear();
            var response = context.Response;
            for (var i = 0; i < 40; i++)
            {
                // Unflushed, by halves: the first of them stay in memory.
                var text = new string((char)('a' + i % 26), 700);
                Encoding.ASCII.GetBytes(text, response.BodyWriter.GetSpan(700));
                response.BodyWriter.Advance(700);
                expected.Append(text);
            }

            expected.Append("asyncsyncstream234!!!");
            response.BodyWriter.CanGetUnflushedBytes.Should().BeTrue();
            response.BodyWriter.UnflushedBytes.Should().Be(28_000);
            response.HasStarted.Should().BeFalse();
            await response.BodyWriter.FlushAsync();
            response.HasStarted.Should().BeTrue();
            await response.WriteAsync("async");
            response.Body.Write("sync"u8);
            response.Body.Flush();
            await response.Body.WriteAsync("stream"u8.ToArray());
            await response.SendFileAsync(file, 2, 3);
            response.BodyWriter.GetSpan(3)[..3].Fill((byte)'!');
            response.BodyWriter.Advance(3);
            await response.BodyWriter.CompleteAsync();
        });

        (await _app.Client.GetStringAsync("/")).Should().Be(expected.ToString());
        (await _app.Client.GetStringAsync("/insert-first")).Should().Be(expected.ToString());
    }

    [Fact]
    public async Task A_synchronous_write_waits_as_well()
    {
        await StartAsync(TimeSpan.FromMilliseconds(50), context =>
        {
            context.Response.Body.Write("sync"u8);
            return Task.CompletedTask;
        });
        _app.Replica.Hold();

        var response = await _app.Client.GetAsync("/insert-first");

        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task What_a_handler_commits_after_it_has_completed_the_response_is_not_the_clients()
    {
        var over = new TaskCompletionSource();
        await StartAsync(TimeSpan.FromDays(1), async context =>
        {
            await context.Response.WriteAsync("all");
            await context.Response.CompleteAsync();
            await over.Task;
            _app.Insert();
        });
        _app.Replica.Hold();

        (await _app.Client.GetStringAsync("/")).Should().Be("all");
        over.SetResult();
        await WebApp.UntilAsync(() => _app.Count() == 1);
        (await _app.Client.GetStringAsync("/")).Should().Be("all");
        _app.Events.Should().NotContain("ResponseAborted");
    }

    [Fact]
    public async Task The_servers_own_body_is_back_when_the_request_leaves()
    {
        IHttpResponseBodyFeature? before = null;
        IHttpResponseBodyFeature? after = null;
        await _app.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                before = context.Features.Get<IHttpResponseBodyFeature>();
                await next(context);
                after = context.Features.Get<IHttpResponseBodyFeature>();
            });
            app.RequireReplication();
            app.MapGet("/", () => "done");
        });

        await _app.Client.GetStringAsync("/");

        after.Should().BeSameAs(before);
    }

    private Task StartAsync(TimeSpan timeout, RequestDelegate handler) => _app.StartAsync(app =>
    {
        app.RequireReplication(options => options.Timeout = timeout);
        app.MapGet("/", handler);
        app.MapGet("/insert-first", context =>
        {
            _app.Insert();
            return handler(context);
        });
    });
}
