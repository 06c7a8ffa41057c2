using System.Diagnostics;
using Litestream.Core.Tests.Sqlite;
using Litestream.Replication;
using Litestream.Sqlite;
using Litestream.Testing;

namespace Litestream.Core.Tests.Replication;

public sealed class WalWatcherTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    private readonly TempDirectory _directory = new();
    private readonly WalWatcher _watcher = new(TimeSpan.FromMinutes(1));

    public void Dispose()
    {
        _watcher.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Calls_once_after_registration()
    {
        using var index = new FakeWalIndex();
        var calls = new Calls();

        using var registration = _watcher.Watch(index.Pointer, Never, calls.Add);

        calls.WaitFor(1);
    }

    [Fact]
    public void Notices_a_commit_of_this_process()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var connection = Connections.Open(app.Path);
        var calls = new Calls();
        using var registration = _watcher.Watch(WalIndex.Attach(connection).Pointer, TimeSpan.FromMilliseconds(20), calls.Add);
        calls.WaitFor(1);

        app.Insert(1);

        calls.WaitFor(2);
    }

    [Fact]
    public void Notices_a_restart_of_the_WAL_that_ends_at_the_same_frame()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        app.Scalar("PRAGMA wal_checkpoint(TRUNCATE)");
        app.Insert(1);
        using var connection = Connections.Open(app.Path);
        var index = WalIndex.Attach(connection);
        index.TryRead(out var before);
        var calls = new Calls();
        using var registration = _watcher.Watch(index.Pointer, Never, calls.Add);
        calls.WaitFor(1);
        connection.CheckpointPassive();

        app.Insert(1);

        index.TryRead(out var after);
        after.MaxFrame.Should().Be(before.MaxFrame);
        _watcher.Wake();
        calls.WaitFor(2);
    }

    [Fact]
    public async Task Notices_a_commit_of_another_process()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var connection = Connections.Open(app.Path);
        await using var other = await OtherProcess.StartAsync(app.Path);
        var calls = new Calls();
        using var registration = _watcher.Watch(WalIndex.Attach(connection).Pointer, TimeSpan.FromMilliseconds(20), calls.Add);
        calls.WaitFor(1);

        await other.ExecuteAsync("INSERT INTO t VALUES(1)");

        calls.WaitFor(2);
    }

    [Fact]
    public void Looks_at_once_when_it_is_woken()
    {
        using var index = new FakeWalIndex();
        var calls = new Calls();
        using var registration = _watcher.Watch(index.Pointer, Never, calls.Add);
        calls.WaitFor(1);

        for (var i = 2; i < 20; i++)
        {
            index.Publish((uint)i);
            _watcher.Wake();
            calls.WaitFor(i);
        }
    }

    [Fact]
    public void A_callback_that_throws_harms_nobody_else()
    {
        using var bad = new FakeWalIndex();
        using var good = new FakeWalIndex();
        var calls = new Calls();
        using var first = _watcher.Watch(bad.Pointer, Never, () => throw new InvalidOperationException());
        using var second = _watcher.Watch(good.Pointer, Never, calls.Add);
        calls.WaitFor(1);

        bad.Publish(1);
        good.Publish(1);
        _watcher.Wake();

        calls.WaitFor(2);
        _watcher.FailedCallbacks.Should().BeGreaterThan(0);
    }

    [Fact]
    public void An_address_is_not_read_any_more_once_its_registration_is_disposed()
    {
        using var stop = new CancellationTokenSource();
        using var steady = new FakeWalIndex();
        var waking = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                _watcher.Wake();
            }
        });

        // Enough of them that a pass takes its time, and is under way whenever the last one is taken away.
        var others = Enumerable.Range(0, 3000).Select(_ => _watcher.Watch(steady.Pointer, Never, () => { })).ToList();
        waking.Start();

        // Each is unmapped right after: one read too late ends the process.
        for (var round = 0; round < 200; round++)
        {
            using var index = new FakeWalIndex();
            var calls = new Calls();
            var registration = _watcher.Watch(index.Pointer, Never, calls.Add);
            calls.WaitFor(1);
            var passes = _watcher.Passes;
            SpinWait.SpinUntil(() => _watcher.Passes != passes, Timeout).Should().BeTrue();
            registration.Dispose();
        }

        stop.Cancel();
        waking.Join();
        _watcher.IsRunning.Should().BeTrue();
        others.ForEach(o => o.Dispose());
    }

    [Fact]
    public void A_registration_may_be_disposed_by_its_own_callback_and_twice()
    {
        using var index = new FakeWalIndex();
        using var done = new ManualResetEventSlim();
        using var registered = new ManualResetEventSlim();
        IDisposable? registration = null;
        registration = _watcher.Watch(index.Pointer, Never, () =>
        {
            registered.Wait(Timeout);
            registration!.Dispose();
            done.Set();
        });
        registered.Set();

        done.Wait(Timeout).Should().BeTrue();
        registration.Dispose();
    }

    [Fact]
    public void The_thread_ends_with_the_last_registration_and_begins_again_with_the_next()
    {
        using var watcher = new WalWatcher(TimeSpan.FromMilliseconds(1));
        using var index = new FakeWalIndex();
        var calls = new Calls();
        watcher.IsRunning.Should().BeFalse();
        watcher.Watch(index.Pointer, TimeSpan.FromMilliseconds(1), calls.Add).Dispose();

        SpinWait.SpinUntil(() => !watcher.IsRunning, Timeout).Should().BeTrue();
        using var again = watcher.Watch(index.Pointer, Never, calls.Add);

        calls.WaitFor(1);
        watcher.IsRunning.Should().BeTrue();
    }

    [Fact]
    public void A_tick_allocates_nothing()
    {
        using var index = new FakeWalIndex();
        using var none = new ManualResetEventSlim();
        var (passes, before) = (0L, 0L);
        using var registration = _watcher.Watch(index.Pointer, TimeSpan.FromMilliseconds(1), () =>
        {
            if (_watcher.Passes < passes + 100)
            {
                return;
            }

            // A tick that allocates does so in every hundred of them.
            var now = GC.GetAllocatedBytesForCurrentThread();
            if (passes > 0 && now == before)
            {
                none.Set();
            }

            (passes, before) = (_watcher.Passes, now);
        });

        var end = Stopwatch.StartNew();
        for (var i = 1u; !none.IsSet && end.Elapsed < Timeout; i++)
        {
            index.Publish(i);
            Thread.Yield();
        }

        none.IsSet.Should().BeTrue();
    }

    [Fact]
    public void A_thousand_idle_databases_wake_the_thread_as_rarely_as_one()
    {
        using var index = new FakeWalIndex();
        var registrations = Enumerable.Range(0, 1000)
            .Select(_ => _watcher.Watch(index.Pointer, TimeSpan.FromMilliseconds(100), () => { }))
            .ToList();

        // While it backs off it looks often; then it is to come down to ten passes a second.
        bool IsIdle()
        {
            var before = _watcher.Passes;
            using var pause = new ManualResetEventSlim();
            pause.Wait(TimeSpan.FromSeconds(1));
            return _watcher.Passes - before <= 15;
        }

        SpinWait.SpinUntil(IsIdle, Timeout).Should().BeTrue();
        registrations.ForEach(r => r.Dispose());
    }

    /// <summary>Counts the calls, and waits for them.</summary>
    private sealed class Calls
    {
        private readonly object _gate = new();
        private int _count;

        public void Add()
        {
            lock (_gate)
            {
                _count++;
                Monitor.PulseAll(_gate);
            }
        }

        public void WaitFor(int count)
        {
            var waiting = Stopwatch.StartNew();
            lock (_gate)
            {
                while (_count < count)
                {
                    var left = Timeout - waiting.Elapsed;
                    (left > TimeSpan.Zero && Monitor.Wait(_gate, left)).Should().BeTrue("call {0} was to come, {1} came", count, _count);
                }
            }
        }
    }
}
