using System.Collections.Concurrent;
using System.Diagnostics;
using Litestream.S3.Requests;

namespace Litestream.S3;

/// <summary>Keys that would be recognised anywhere are in no log, no exception and no text, whatever goes wrong.</summary>
public sealed class SecretsTests
{
    private const string Token = "canary-session-TOKEN-0123456789";

    [Fact]
    public async Task Are_nowhere()
    {
        await using var store = await FakeStore.StartAsync();
        using var logs = new LogSink();
        var texts = new ConcurrentQueue<string>(); // other tests of this process have activities too
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => texts.Enqueue($"{activity.DisplayName} {string.Join(' ', activity.TagObjects)}"),
        };
        ActivitySource.AddActivityListener(listener);
        var options = store.Options();
        options.SessionToken = Token;
        options.RequestTimeout = TimeSpan.FromSeconds(1);
        texts.Enqueue(options.ToString());
        var settings = S3Settings.Resolve(FakeStore.Url("app"), options);
        await using var bucket = new ReplicaBucket(settings.Location, settings.Options, null, TimeProvider.System, logs.CreateLogger("S3"));
        await using var client = new S3ReplicaClient(settings.Location, bucket, ownsBucket: false);
        texts.Enqueue(client.ToString());
        texts.Enqueue(client.Location.ToString());

        foreach (var answer in Answers(store))
        {
            store.Intercept = answer;
            Func<Task>[] calls =
            [
                () => client.WriteAsync("a", new MemoryStream([1]), WriteMode.CreateNew),
                () => client.OpenReadAsync("a"),
                () => client.ListAsync("").ToListAsync().AsTask(),
                () => client.DeleteAsync(["a", "b"]),
                async () => texts.Enqueue((await client.ProbeAsync()).ToString()),
            ];
            foreach (var call in calls)
            {
                try
                {
                    await call();
                }
                catch (ReplicaException e)
                {
                    for (Exception? cause = e; cause is not null; cause = cause.InnerException)
                    {
                        texts.Enqueue($"{cause} {string.Join(' ', cause.Data.Values.Cast<object>())}");
                    }
                }
            }
        }

        store.Requests.Should().Contain(request => request.Headers.Values.Any(value => value.Contains(Token, StringComparison.Ordinal)), "the token is sent");
        texts.Enqueue(logs.Text);
        texts.Should().HaveCountGreaterThan(20);
        foreach (var text in texts.ToArray())
        {
            text.Should().NotContain(FakeStore.SecretAccessKey).And.NotContain(Token);
        }
    }

    // A store that works, and stores that answer with all that was sent to them.
    private static IEnumerable<Func<Microsoft.AspNetCore.Http.HttpContext, WireRequest, Task<bool>>?> Answers(FakeStore store)
    {
        yield return null;
        foreach (var status in new[] { 400, 403, 404, 503 })
        {
            yield return async (context, request) =>
            {
                var echo = System.Security.SecurityElement.Escape(
                    string.Join(' ', request.Headers.Select(header => $"{header.Key}: {header.Value}")) + FakeStore.SecretAccessKey);
                await FakeStore.ErrorAsync(context, status, "Echo", echo!);
                return true;
            };
        }

        yield return (context, _) =>
        {
            context.Abort();
            return Task.FromResult(true);
        };
    }
}
