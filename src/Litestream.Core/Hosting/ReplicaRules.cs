namespace Litestream.Hosting;

/// <summary>The rules that the options of one replica must keep, by themselves; its place is checked elsewhere.</summary>
internal static class ReplicaRules
{
    // No timer waits for it, but whoever writes more means something else.
    private static readonly TimeSpan LongestRetention = TimeSpan.FromDays(3653);

    /// <summary>Checks the times.</summary>
    public static void Check(string at, ReplicaOptions replica, ConfigurationErrors errors)
    {
        DatabaseRules.CheckDuration($"{at}:{nameof(replica.SyncInterval)}", replica.SyncInterval, zeroAllowed: false, errors);
        CheckOptional($"{at}:{nameof(replica.SnapshotInterval)}", replica.SnapshotInterval, errors);
        DatabaseRules.CheckDuration($"{at}:{nameof(replica.RetentionCheckInterval)}", replica.RetentionCheckInterval, zeroAllowed: false, errors);
        DatabaseRules.CheckDuration($"{at}:{nameof(replica.ReplicaCheckInterval)}", replica.ReplicaCheckInterval, zeroAllowed: false, errors);
        if (replica.Retention is { } retention && (retention <= TimeSpan.Zero || retention > LongestRetention))
        {
            errors.Add(
                $"{at}:{nameof(replica.Retention)}",
                retention <= TimeSpan.Zero ? "must be longer than zero; off keeps everything" : "must not be longer than 10 years; off keeps everything");
        }

        CheckOptional($"{at}:{nameof(replica.VerificationInterval)}", replica.VerificationInterval, errors);
    }

    private static void CheckOptional(string at, TimeSpan? duration, ConfigurationErrors errors)
    {
        if (duration is { } given)
        {
            DatabaseRules.CheckDuration(at, given, zeroAllowed: false, errors);
        }
    }
}
