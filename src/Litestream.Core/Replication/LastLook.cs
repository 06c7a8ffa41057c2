using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>
/// Captures at the stop what the last sync had no time to look at: what is then said to be missing on the replicas is
/// exact. The local disk alone is needed for it.
/// </summary>
internal static class LastLook
{
    /// <summary>Captures what is committed. What fails is found again by the next start; the state is made durable as it is.</summary>
    public static void Take(WalSync? capture)
    {
        try
        {
            if (capture is { HoldsMark: true })
            {
                capture.RunOnce();
            }
        }
        catch (Exception exception) when (exception is LitestreamException or IOException)
        {
            // Nothing is lost by it.
        }
    }
}
