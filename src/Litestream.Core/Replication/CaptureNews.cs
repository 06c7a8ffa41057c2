using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>Tells the workers that the head has moved: once for each time it has. Thread-safe.</summary>
/// <param name="shadow">Whose head.</param>
/// <param name="uncaptured">What was noticed, and when.</param>
internal sealed class CaptureNews(IShadow shadow, UncapturedCommits uncaptured)
{
    private long _announced;

    /// <summary>The head has moved; with the time when its oldest new commit was noticed. Must be quick.</summary>
    public event Action<DateTimeOffset?>? Captured;

    /// <summary>
    /// Tells what there is to tell, by whichever way it came: a pass, an opening, an image, or one of them that failed half
    /// way.
    /// </summary>
    public void Announce()
    {
        var noticedAt = uncaptured.TakeCaptured();
        var sequence = shadow.Head?.Sequence ?? 0;
        if (Interlocked.Exchange(ref _announced, sequence) != sequence)
        {
            Captured?.Invoke(noticedAt);
        }
    }

    /// <summary>The same in the middle of a pass that has copied all there was: uploads need not wait for its checkpoint.</summary>
    public void AnnounceCopied()
    {
        uncaptured.PassCaptured();
        Announce();
    }
}
