namespace Litestream.AspNetCore.StatusPage;

/// <summary>States, in words.</summary>
internal static class StateWords
{
    // Below it is the pace of replication, and the sentence would change with every commit.
    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(5);

    public static string Of(ReplicationState state) => state switch
    {
        ReplicationState.Stopped => "not running",
        ReplicationState.WaitingForDatabase => "waits for the database",
        ReplicationState.WaitingForOtherProcess => "another process replicates it",
        ReplicationState.Restoring => "is being restored",
        ReplicationState.Replicating => "replicating",
        ReplicationState.Retrying => "trying again",
        _ => "needs attention",
    };

    /// <summary>The one sentence that somebody who looks at the page wants to read.</summary>
    public static string Summary(PageHealth health, int databases, int affected, TimeSpan lag) => health switch
    {
        _ when databases == 0 => "No databases are configured: nothing is replicated.",
        PageHealth.Safe when lag > Noticeable => "The backup is a few seconds behind, and catching up.",
        PageHealth.Safe => "Everything is safe: the backup keeps up.",
        PageHealth.Pending => $"{Which(databases, affected)} on the way to being safe.",
        PageHealth.Degraded => $"{Which(databases, affected)} not as it should be.",
        _ => $"{Which(databases, affected)} not protected. Somebody has to look.",
    };

    private static string Which(int databases, int affected) =>
        databases == 1 ? "The database is" : affected == 1 ? $"One of {databases} databases is" : $"{affected} of {databases} databases are";
}
