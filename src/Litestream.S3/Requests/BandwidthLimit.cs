namespace Litestream.S3.Requests;

/// <summary>Lets so many bytes pass in a second, over all that use it. A tenth of a second's worth may pass at once.</summary>
internal sealed class BandwidthLimit(long bytesPerSecond, TimeProvider timeProvider)
{
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(100);

    // Not the time of day: when that is set back, nobody may wait for so long.
    private readonly long _start = timeProvider.GetTimestamp();

    // Guards _paidUntil.
    private readonly Lock _lock = new();
    private TimeSpan _paidUntil = TimeSpan.FromDays(-1);

    /// <summary>How many bytes are best asked for at once, so that waits stay short.</summary>
    public int Portion { get; } = (int)Math.Clamp(bytesPerSecond / 20, 1024, 64 << 10);

    /// <summary>Waits until these bytes may pass.</summary>
    public Task WaitAsync(int bytes, CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var now = timeProvider.GetElapsedTime(_start);
            var start = _paidUntil > now - Burst ? _paidUntil : now - Burst;
            _paidUntil = start + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            wait = _paidUntil - now;
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait, timeProvider, cancellationToken) : Task.CompletedTask;
    }
}
