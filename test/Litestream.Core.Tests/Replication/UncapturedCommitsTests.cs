using Microsoft.Extensions.Time.Testing;

namespace Litestream.Replication;

public sealed class UncapturedCommitsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly UncapturedCommits _uncaptured;

    public UncapturedCommitsTests() => _uncaptured = new UncapturedCommits(_time);

    [Fact]
    public void Is_zero_while_nothing_is_committed()
    {
        Pass();
        Wait(3600);

        _uncaptured.Age.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void Counts_from_the_first_commit_that_was_noticed()
    {
        _uncaptured.Noticed();
        Wait(2);
        _uncaptured.Noticed();
        Wait(1);

        _uncaptured.Age.Should().Be(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void A_pass_captures_what_was_noticed_before_it_began_and_nothing_else()
    {
        _uncaptured.Noticed();
        _uncaptured.PassBegins();
        Wait(1);
        _uncaptured.Noticed();
        _uncaptured.PassSucceeded();
        Wait(2);

        _uncaptured.Age.Should().Be(TimeSpan.FromSeconds(2));
        Pass();
        _uncaptured.Age.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void What_a_pass_has_captured_is_not_behind_while_it_checkpoints()
    {
        var noticed = _time.GetUtcNow();
        _uncaptured.Noticed();
        _uncaptured.PassBegins();
        Wait(1);

        _uncaptured.PassCaptured();

        _uncaptured.Age.Should().Be(TimeSpan.Zero);
        _uncaptured.TakeCaptured().Should().Be(noticed);
        _uncaptured.PassSucceeded();
        _uncaptured.TakeCaptured().Should().BeNull("it has been told");
    }

    [Fact]
    public void A_pass_that_fails_captures_nothing()
    {
        _uncaptured.Noticed();
        Wait(1);
        _uncaptured.PassBegins();
        _uncaptured.PassFailed();
        Wait(1);

        _uncaptured.Age.Should().Be(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void After_a_failure_there_may_be_commits_that_nobody_noticed()
    {
        _uncaptured.PassBegins();
        _uncaptured.PassFailed();
        Wait(7);

        _uncaptured.Age.Should().Be(TimeSpan.FromSeconds(7));
    }

    [Fact]
    public void A_pass_that_hangs_counts_although_nobody_notices_anything()
    {
        _uncaptured.PassBegins();
        Wait(4);
        _uncaptured.Age.Should().Be(TimeSpan.Zero, "a pass may take its time");

        Wait(56);

        _uncaptured.Age.Should().Be(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void Without_a_database_there_is_nothing_to_capture()
    {
        _uncaptured.Noticed();
        _uncaptured.PassBegins();
        _uncaptured.Forget();
        Wait(60);

        _uncaptured.Age.Should().Be(TimeSpan.Zero);
    }

    private void Pass()
    {
        _uncaptured.PassBegins();
        _uncaptured.PassSucceeded();
    }

    private void Wait(int seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));
}
