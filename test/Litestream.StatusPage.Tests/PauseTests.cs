using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.StatusPage;

/// <summary>Requests that are held off while a database is exchanged.</summary>
public sealed class PauseTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task It_waits_for_those_at_work_and_lets_nobody_else_in()
    {
        var pause = new RequestPause();
        var atWork = new Request();
        await pause.InvokeAsync(atWork.Context, atWork.Handle);

        var paused = pause.PauseAsync("app");
        var refused = new Request();
        await pause.InvokeAsync(refused.Context, refused.Handle);
        paused.IsCompleted.Should().BeFalse();
        await atWork.EndAsync();
        await paused.WaitAsync(StatusApp.Patience);

        refused.WasHandled.Should().BeFalse();
        refused.Context.Response.StatusCode.Should().Be(503);
        pause.Resume("app");
        var next = new Request();
        await pause.InvokeAsync(next.Context, next.Handle);
        next.WasHandled.Should().BeTrue();
    }

    [Fact]
    public async Task When_they_do_not_end_it_says_who_and_lets_everybody_in_again()
    {
        var pause = new RequestPause { TimeProvider = _time };
        var stream = new Request("GET /events");
        await pause.InvokeAsync(stream.Context, stream.Handle);

        var paused = pause.PauseAsync("app");
        _time.Advance(pause.DrainTimeout);

        (await FluentActions.Awaiting(() => paused.WaitAsync(StatusApp.Patience)).Should().ThrowAsync<TimeoutException>())
            .WithMessage("*GET /events*AllowDuringRestore*");
        pause.IsPaused.Should().BeFalse();
    }

    [Fact]
    public async Task Other_databases_go_on()
    {
        var pause = new RequestPause { DatabaseOf = context => context.Request.Host.HasValue ? context.Request.Host.Value : null };
        var (other, any) = (new Request(host: "b"), new Request(host: null));
        await pause.InvokeAsync(other.Context, other.Handle);

        await pause.PauseAsync("a").WaitAsync(StatusApp.Patience);
        var (refused, passed) = (new Request(host: "a"), new Request(host: "b"));
        await pause.InvokeAsync(refused.Context, refused.Handle);
        await pause.InvokeAsync(passed.Context, passed.Handle);
        await pause.InvokeAsync(any.Context, any.Handle);

        refused.WasHandled.Should().BeFalse();
        passed.WasHandled.Should().BeTrue();
        any.WasHandled.Should().BeFalse();
        await FluentActions.Awaiting(() => pause.PauseAsync("a")).Should().ThrowAsync<InvalidOperationException>();
        pause.IsPaused.Should().BeTrue();
    }

    [Fact]
    public async Task Endpoints_without_a_database_are_neither_held_off_nor_waited_for()
    {
        var pause = new RequestPause();
        var stream = new Request("GET /events", allowed: true);
        await pause.InvokeAsync(stream.Context, stream.Handle);

        await pause.PauseAsync("app").WaitAsync(StatusApp.Patience);
        var another = new Request("GET /events", allowed: true);
        await pause.InvokeAsync(another.Context, another.Handle);

        another.WasHandled.Should().BeTrue();
    }

    private sealed class Request : IHttpResponseFeature
    {
        private readonly HttpResponseFeature _inner = new();
        private readonly List<Func<object, Task>> _completed = [];

        public Request(string endpoint = "GET /", bool allowed = false, string? host = "a")
        {
            Context.Features.Set<IHttpResponseFeature>(this);
            Context.RequestServices = new NoServices();
            if (host is not null)
            {
                Context.Request.Host = new HostString(host);
            }

            var metadata = allowed ? new EndpointMetadataCollection(new AspNetCore.AllowedDuringRestore()) : EndpointMetadataCollection.Empty;
            Context.SetEndpoint(new Endpoint(null, metadata, endpoint));
        }

        public DefaultHttpContext Context { get; } = new();

        public bool WasHandled { get; private set; }

        public int StatusCode { get; set; } = 200;

        public string? ReasonPhrase { get; set; }

        public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

#pragma warning disable CS0618 // The interface has it.
        public Stream Body { get; set; } = Stream.Null;
#pragma warning restore CS0618

        public bool HasStarted => false;

        public Task Handle(HttpContext context)
        {
            WasHandled = true;
            return Task.CompletedTask;
        }

        public async Task EndAsync()
        {
            foreach (var callback in _completed)
            {
                await callback(this);
            }
        }

        public void OnStarting(Func<object, Task> callback, object state) => _inner.OnStarting(callback, state);

        public void OnCompleted(Func<object, Task> callback, object state) => _completed.Add(_ => callback(state));
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
