namespace Litestream.Crash.Ordeals;

/// <summary>What an application says of itself and of its first replica.</summary>
internal sealed record BankStatus(
    string Health, string State, string? LastError, string ReplicaState, string? ReplicaError, TimeSpan Lag, string Position, string ReplicaPosition, string Text)
{
    /// <summary>It says that nothing is wrong and nothing is missing on the replica.</summary>
    public bool SaysAllIsWell => Health == "Healthy" && State == "Replicating" && ReplicaState == "Replicating" && Lag == TimeSpan.Zero;
}
