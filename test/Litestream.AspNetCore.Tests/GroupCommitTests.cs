using System.Net;
using Microsoft.AspNetCore.Builder;

namespace Litestream.AspNetCore;

/// <summary>However many requests wait, they share uploads. Uploads are counted, no time is measured.</summary>
public sealed class GroupCommitTests : IAsyncDisposable
{
    private const int Requests = 200;

    private readonly WebApp _app = new();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Requests_that_wait_together_cost_two_uploads()
    {
        await StartAsync();
        var before = _app.Replica.Uploads;
        _app.Replica.Hold();

        // One upload is under way with whatever came first; everybody else commits and waits for the next.
        var responses = Enumerable.Range(0, Requests).Select(_ => _app.Client.PostAsync("/", null)).ToList();
        await WebApp.UntilAsync(() => _app.Count() == Requests);
        responses.Should().NotContain(response => response.IsCompleted);
        _app.Replica.Release();
        var answers = await Task.WhenAll(responses);

        answers.Should().OnlyContain(answer => answer.StatusCode == HttpStatusCode.OK);
        (_app.Replica.Uploads - before).Should().BeInRange(1, 4);
    }

    [Fact]
    public async Task A_request_that_waits_alone_costs_one_upload()
    {
        await StartAsync();
        await _app.Client.PostAsync("/", null); // what the start has left is uploaded with it
        var before = _app.Replica.Uploads;

        for (var i = 0; i < 5; i++)
        {
            await _app.Client.PostAsync("/", null);
        }

        (_app.Replica.Uploads - before).Should().Be(5);
    }

    private Task StartAsync() => _app.StartAsync(app => app.MapPost("/", _app.Insert).RequireReplication(options => options.Timeout = WebApp.Patience));
}
