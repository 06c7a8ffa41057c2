using System.Diagnostics;
using Litestream.Core.Tests.Sqlite;
using Litestream.Replication;
using Litestream.Testing;

namespace Litestream.Core.Tests.Replication;

public sealed class WatchedWalTests : IDisposable
{
    private static readonly long Millisecond = Stopwatch.Frequency / 1000;

    private readonly FakeWalIndex _index = new();
    private readonly WalWatcher _watcher = new(TimeSpan.Zero);
    private readonly WatchedWal _watched;
    private long _now = 1_000_000 * Millisecond;

    public WatchedWalTests() => _watched = new WatchedWal(_watcher, _index.Pointer, TimeSpan.FromMilliseconds(50), () => { });

    public void Dispose()
    {
        _watcher.Dispose();
        _index.Dispose();
    }

    [Fact]
    public void The_first_look_is_a_change_since_nobody_knows_what_came_before()
    {
        _watched.Look(_now).Should().BeTrue();
        _watched.Look(_now).Should().BeFalse();
    }

    [Fact]
    public void Looks_every_millisecond_for_a_while_after_a_change()
    {
        _watched.Look(_now);

        for (var i = 0; i < 200; i++)
        {
            LookWhenDue().Should().BeFalse();
            (_watched.NextLook - _now).Should().BeLessThanOrEqualTo(Millisecond);
        }
    }

    [Fact]
    public void Backs_off_to_the_idle_interval_and_comes_back_at_once()
    {
        _watched.Look(_now);
        var start = _now;
        var looks = 0;
        while (_now - start < 10_000 * Millisecond)
        {
            LookWhenDue();
            looks++;
        }

        (_watched.NextLook - _now).Should().BeLessThanOrEqualTo(50 * Millisecond).And.BeGreaterThan(40 * Millisecond);
        looks.Should().BeLessThan(500, "250 in the first quarter of a second, then 20 each second");
        _index.Publish(7);
        LookWhenDue().Should().BeTrue();
        (_watched.NextLook - _now).Should().BeLessThanOrEqualTo(Millisecond);
    }

    [Fact]
    public void Idle_databases_share_their_moments()
    {
        using var secondIndex = new FakeWalIndex();
        var second = new WatchedWal(_watcher, secondIndex.Pointer, TimeSpan.FromMilliseconds(50), () => { });
        _watched.Look(_now);
        second.Look(_now + (17 * Millisecond));

        for (var i = 0; i < 600; i++)
        {
            LookWhenDue();
        }

        while (second.NextLook <= _now)
        {
            second.Look(second.NextLook);
        }

        second.NextLook.Should().Be(_watched.NextLook);
    }

    [Fact]
    public void A_header_half_published_is_waited_for()
    {
        _watched.Look(_now);
        _index.PublishHalf(3);

        LookWhenDue().Should().BeFalse();
        _index.Publish(3);

        LookWhenDue().Should().BeTrue();
    }

    [Fact]
    public void A_header_left_half_published_is_reported_once_so_that_somebody_repairs_it()
    {
        _watched.Look(_now);
        _index.PublishHalf(3);

        var reports = Enumerable.Range(0, 200).Count(_ => LookWhenDue());

        reports.Should().Be(1);
        _index.Publish(3);
        LookWhenDue().Should().BeTrue();
    }

    [Fact]
    public void Looking_allocates_nothing()
    {
        _watched.Look(_now);
        LookWhenDue();

        Allocations.Least(() =>
        {
            for (var i = 0u; i < 1000; i++)
            {
                _index.Publish(i);
                LookWhenDue();
            }
        }).Should().Be(0);
    }

    private bool LookWhenDue()
    {
        _now = Math.Max(_now + 1, _watched.NextLook);
        return _watched.Look(_now);
    }
}
