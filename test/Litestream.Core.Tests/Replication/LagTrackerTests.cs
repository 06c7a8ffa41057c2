using Litestream.Shadow;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Replication;

public sealed class LagTrackerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LagTracker _lag;
    private long _sequence;

    public LagTrackerTests() => _lag = new LagTracker(_time);

    [Fact]
    public void Counts_from_the_oldest_commit_that_is_lacking()
    {
        Commit(100);
        _time.Advance(TimeSpan.FromSeconds(3));
        Commit(200);
        _time.Advance(TimeSpan.FromSeconds(1));

        _lag.Lag.Should().Be(TimeSpan.FromSeconds(4));
        _lag.Covered(new ReplicationPosition("g", 0, 100)).Should().Be(1);
        _lag.Lag.Should().Be(TimeSpan.FromSeconds(1));
        _lag.Covered(new ReplicationPosition("g", 0, 150)).Should().BeNull();
        _lag.Covered(new ReplicationPosition("g", 0, 200)).Should().Be(2);
        _lag.Lag.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void A_head_that_moves_without_a_commit_is_no_lag()
    {
        Commit(100);
        _lag.Covered(1);
        var before = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromHours(1));

        _lag.Observe(new ShadowHead(++_sequence, new ReplicationPosition("g", 1, 0), null, default, before));

        _lag.Lag.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void Stays_small_over_a_long_outage_and_is_never_too_little()
    {
        for (var i = 1; i <= 10_000; i++)
        {
            Commit(i * 100);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        _lag.Lag.Should().Be(TimeSpan.FromSeconds(10_000));
        _lag.Covered(new ReplicationPosition("g", 0, 500_000));
        _lag.Lag.Should().BeCloseTo(TimeSpan.FromSeconds(5_000), TimeSpan.FromSeconds(700));
        _lag.Lag.Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(5_000));
        _lag.Covered(new ReplicationPosition("g", 0, 1_000_000)).Should().Be(10_000);
        _lag.Lag.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void Commits_of_the_same_moment_count()
    {
        Commit(100);
        _lag.Covered(1);
        Commit(200);
        _time.Advance(TimeSpan.FromSeconds(2));

        _lag.Lag.Should().Be(TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Counts_from_when_a_commit_was_noticed_however_late_it_was_captured(bool seenBefore)
    {
        var noticed = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromMinutes(1));
        var head = new ShadowHead(++_sequence, new ReplicationPosition("g", 0, 100), null, default, _time.GetUtcNow());
        if (seenBefore)
        {
            // A pass of the worker that came between.
            _lag.Observe(head);
        }

        _lag.Observe(head, noticed);

        _lag.Lag.Should().Be(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_position_of_another_generation_covers_nothing()
    {
        Commit(100);

        _lag.Covered(new ReplicationPosition("h", 7, 7000)).Should().BeNull();
        _lag.Covered(1);

        _lag.Lag.Should().Be(TimeSpan.Zero);
    }

    private void Commit(long offset) =>
        _lag.Observe(new ShadowHead(++_sequence, new ReplicationPosition("g", 0, offset), null, default, _time.GetUtcNow()));
}
