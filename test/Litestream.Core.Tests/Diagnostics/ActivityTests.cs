using System.Collections.Concurrent;
using System.Diagnostics;
using Litestream.Testing;

namespace Litestream.Diagnostics;

/// <summary>The spans of a real engine. Every test listens to all spans of the process and picks out those of its own database.</summary>
public sealed class ActivityTests : IAsyncDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly string _name = $"app{Guid.NewGuid():n}";
    private readonly ActivityListener _listener;
    private readonly ReplicatedApp _app;

    public ActivityTests()
    {
        _app = new ReplicatedApp(_folder) { Name = _name };
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == LitestreamDiagnostics.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (Equals(activity.GetTagItem("litestream.database.name"), _name))
                {
                    _spans.Enqueue(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _listener.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_is_captured_and_uploaded_has_a_span_with_its_position()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        database.Insert(1);

        var position = await _app.SyncAsync();

        Spans("litestream sync").Should().Contain(span => span.GetTagItem("litestream.replica.name") == null && Equals(span.GetTagItem("litestream.position"), position.ToString()));
        await UntilAsync(() => Spans("litestream sync").Any(span => Equals(span.GetTagItem("litestream.replica.name"), "file") && Equals(span.GetTagItem("litestream.position"), position.ToString())));
        Spans("litestream snapshot").Should().ContainSingle().Which.GetTagItem("litestream.replica.name").Should().Be("file");
    }

    [Fact]
    public async Task A_checkpoint_lies_within_the_pass_that_made_it()
    {
        _app.Options.MinCheckpointPages = 20;
        using var database = NewDatabase();
        await _app.StartAsync();

        // The first snapshot's image is closed by now, which a checkpoint would stop at.
        await _app.SyncAsync();
        database.Insert(50, 4000);
        await _app.SyncAsync();
        await UntilAsync(() => Spans("litestream checkpoint").Any());

        var checkpoint = Spans("litestream checkpoint").First();
        await UntilAsync(() => Spans("litestream sync").Any(span => span.SpanId == checkpoint.ParentSpanId));

        var pass = Spans("litestream sync").Single(span => span.SpanId == checkpoint.ParentSpanId);

        // Partial if it came between two of the commits.
        checkpoint.GetTagItem("litestream.checkpoint.outcome").Should().BeOneOf("complete", "partial");
        checkpoint.StartTimeUtc.Should().BeOnOrAfter(pass.StartTimeUtc);
        checkpoint.Duration.Should().BeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_restore_has_one_span()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        var position = await _app.SyncAsync();

        await _app.Engine.RestoreAsync(new RestoreOptions { OutputPath = _folder.File("copy.db") }, CancellationToken.None);

        var span = Spans("litestream restore").Should().ContainSingle().Which;
        span.GetTagItem("litestream.position").Should().Be(position.ToString());
        span.Status.Should().Be(ActivityStatusCode.Unset);
    }

    [Fact]
    public async Task A_failure_is_an_error_with_its_type()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        await _app.SyncAsync();
        await File.WriteAllTextAsync(_folder.File("copy.db"), "taken");

        await _app.Engine.Invoking(e => e.RestoreAsync(new RestoreOptions { OutputPath = _folder.File("copy.db") }, CancellationToken.None))
            .Should().ThrowAsync<IOException>();

        var span = Spans("litestream restore").Should().ContainSingle().Which;
        span.Status.Should().Be(ActivityStatusCode.Error);
        span.GetTagItem("error.type").Should().Be("System.IO.IOException");
    }

    [Fact]
    public async Task Passes_that_find_nothing_have_no_span()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        await _app.SyncAsync();
        await UntilAsync(() => Spans("litestream sync").Any(span => Equals(span.GetTagItem("litestream.replica.name"), "file")));
        _spans.Clear();

        for (var i = 0; i < 20; i++)
        {
            await _app.SyncAsync();
        }

        _spans.Should().BeEmpty();
    }

    [Fact]
    public async Task Who_started_the_engine_is_not_the_parent_of_what_it_does()
    {
        using var database = NewDatabase();
        using (var request = new Activity("a request").Start())
        {
            await _app.StartAsync();
        }

        database.Insert(1);
        await _app.SyncAsync();
        await UntilAsync(() => Spans("litestream sync").Any(span => Equals(span.GetTagItem("litestream.replica.name"), "file")));

        Spans("litestream sync").Should().OnlyContain(span => span.ParentSpanId == default);
    }

    [Fact]
    public async Task No_span_or_attribute_tells_a_path()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        await _app.SyncAsync();
        await _app.Engine.RestoreAsync(new RestoreOptions { OutputPath = _folder.File("copy.db") }, CancellationToken.None);

        _spans.SelectMany(span => span.TagObjects).Select(tag => tag.Value?.ToString() ?? "")
            .Should().NotContain(value => value.Contains(_folder.Path, StringComparison.Ordinal));
    }

    private IEnumerable<Activity> Spans(string name) => _spans.Where(span => span.OperationName == name);

    private AppDatabase NewDatabase()
    {
        var database = new AppDatabase(_folder);
        database.Execute("CREATE TABLE t(a)");
        return database;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            await Task.Delay(5, timeout.Token);
        }
    }
}
