namespace Litestream.Replication;

public sealed class RetryPoliciesTests
{
    [Fact]
    public void The_delay_doubles_from_a_second_to_a_minute_and_never_exceeds_it()
    {
        var jitter = new Random(1);

        for (var failures = 1; failures <= 100; failures++)
        {
            var full = Math.Min(60, Math.Pow(2, failures - 1));
            RetryPolicies.DelayAfter(failures, jitter).TotalSeconds.Should().BeInRange(0.75 * full, full);
        }
    }

    [Fact]
    public void Replicas_do_not_come_back_at_the_same_moment()
    {
        var delays = Enumerable.Range(0, 20).Select(seed => RetryPolicies.DelayAfter(7, new Random(seed)));

        delays.Distinct().Should().HaveCountGreaterThan(15);
    }

    [Fact]
    public void What_a_store_calls_transient_may_pass_and_what_is_damaged_may_not()
    {
        RetryPolicies.MayPass(new ReplicaException("away", innerException: null, isTransient: true)).Should().BeTrue();
        RetryPolicies.MayPass(new ReplicaException("forbidden")).Should().BeFalse();
        RetryPolicies.MayPass(new ReplicaCorruptedException("damaged")).Should().BeFalse();
        RetryPolicies.MayPass(new IOException("the disk is full")).Should().BeTrue();
        RetryPolicies.MayPass(new InvalidOperationException("a bug")).Should().BeFalse();
    }
}
