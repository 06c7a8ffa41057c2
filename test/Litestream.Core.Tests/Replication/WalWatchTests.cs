namespace Litestream.Replication;

public sealed class WalWatchTests
{
    private readonly RecordingWatcher _watcher = new();

    [Fact]
    public void Another_pace_applies_to_what_is_watched_and_to_what_comes()
    {
        var watch = new WalWatch(_watcher, TimeSpan.FromMilliseconds(50), () => { });
        watch.MoveTo(1);

        watch.ChangePace(TimeSpan.FromMilliseconds(20));
        watch.ChangePace(TimeSpan.FromMilliseconds(20));
        watch.MoveTo(2);

        _watcher.Journal.Should().Equal("watch 1 every 50", "end 1", "watch 1 every 20", "end 1", "watch 2 every 20");
    }

    [Fact]
    public void Another_pace_watches_nothing_by_itself()
    {
        var watch = new WalWatch(_watcher, TimeSpan.FromMilliseconds(50), () => { });

        watch.ChangePace(TimeSpan.FromMilliseconds(20));

        _watcher.Journal.Should().BeEmpty();
    }

    private sealed class RecordingWatcher : IWalWatcher
    {
        public List<string> Journal { get; } = [];

        public IDisposable Watch(nint walIndexPointer, TimeSpan idleInterval, Action onChanged)
        {
            Journal.Add(FormattableString.Invariant($"watch {walIndexPointer} every {idleInterval.TotalMilliseconds}"));
            return new Registration(() => Journal.Add(FormattableString.Invariant($"end {walIndexPointer}")));
        }

        public void Wake()
        {
        }

        private sealed class Registration(Action ended) : IDisposable
        {
            public void Dispose() => ended();
        }
    }
}
