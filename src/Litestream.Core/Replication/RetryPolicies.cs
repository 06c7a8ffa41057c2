using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Litestream.Replication;

/// <summary>
/// When what is tried again. Quick attempts within one pass bridge a lost connection or a throttled request; between
/// passes the delay grows, so that a store that is down is not hammered.
/// </summary>
internal static class RetryPolicies
{
    /// <summary>Attempts after the first within one pass.</summary>
    public const int QuickRetries = 3;

    /// <summary>What a call may take besides the time for its bytes. An answer that never comes must not block for ever.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromMinutes(1);

    /// <summary>The slowest link that is still given the time it needs.</summary>
    public const long SlowestBytesPerSecond = 64 * 1024;

    /// <summary>Delay before the first new pass after a failure that may pass.</summary>
    public static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);

    /// <summary>Longest delay between passes, and the slow clock on which a faulted replica is tried.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromMinutes(1);

    /// <summary>How many bytes the call moves; decides its time-out.</summary>
    public static readonly ResiliencePropertyKey<long> Bytes = new("litestream.bytes");

    /// <summary>The pipeline around each call to a store: a few attempts with exponential back-off and jitter, each with a time-out.</summary>
    public static ResiliencePipeline ForCalls(TimeProvider timeProvider, Random jitter) =>
        new ResiliencePipelineBuilder { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = QuickRetries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(200),
                MaxDelay = TimeSpan.FromSeconds(5),
                UseJitter = true,
                Randomizer = jitter.NextDouble,
                ShouldHandle = static arguments => ValueTask.FromResult(
                    arguments.Outcome.Exception is { } exception && MayPass(exception)),
            })
            .AddTimeout(new TimeoutStrategyOptions
            {
                TimeoutGenerator = static arguments => ValueTask.FromResult(
                    TimeoutFor(arguments.Context.Properties.GetValue(Bytes, 0))),
            })
            .Build();

    /// <summary>
    /// The pipeline around the first opening of a database: a few attempts, so that a lock which somebody holds for a moment
    /// while the application starts does not leave its first commits unwatched. What takes longer is the loop's to retry.
    /// </summary>
    public static ResiliencePipeline ForOpening(TimeProvider timeProvider) =>
        new ResiliencePipelineBuilder { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = 2,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(100),
                UseJitter = true,
                ShouldHandle = static arguments => ValueTask.FromResult(
                    arguments.Outcome.Exception is { } exception && MayPass(exception) && exception is not OperationCanceledException),
            })
            .Build();

    /// <summary>True if the same call may go through later without anybody's help.</summary>
    public static bool MayPass(Exception exception) => exception switch
    {
        LitestreamException litestream => litestream.IsTransient,

        // A full disk, a file in use: it recovers by itself. A request that was given up by its client is no cancellation of ours.
        TimeoutRejectedException or IOException or OperationCanceledException => true,
        _ => false,
    };

    /// <summary>How long to wait after this many failed passes in a row.</summary>
    public static TimeSpan DelayAfter(int failures, Random jitter)
    {
        var delay = Math.Min(MaxDelay.TotalSeconds, FirstDelay.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 30)));

        // Replicas that failed at the same moment must not come back at the same moment.
        return TimeSpan.FromSeconds(delay * (0.75 + 0.25 * jitter.NextDouble()));
    }

    private static TimeSpan TimeoutFor(long bytes) =>
        CallTimeout + TimeSpan.FromSeconds((double)bytes / SlowestBytesPerSecond);
}
