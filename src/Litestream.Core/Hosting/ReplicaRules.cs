namespace Litestream.Hosting;

/// <summary>The rules that the options of one replica must keep, by themselves; its place is checked elsewhere.</summary>
internal static class ReplicaRules
{
    /// <summary>Checks the times.</summary>
    public static void Check(string at, ReplicaOptions replica, ConfigurationErrors errors)
    {
        DatabaseRules.CheckDuration($"{at}:{nameof(replica.SyncInterval)}", replica.SyncInterval, zeroAllowed: false, errors);
        CheckOptional($"{at}:{nameof(replica.SnapshotInterval)}", replica.SnapshotInterval, errors);
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
