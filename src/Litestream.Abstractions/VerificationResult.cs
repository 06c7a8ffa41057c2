namespace Litestream;

/// <summary>What a verification of a database's replicas found.</summary>
/// <param name="Replicas">One result for each replica that was verified.</param>
public sealed record VerificationResult(IReadOnlyList<ReplicaVerification> Replicas)
{
    /// <summary>True if every replica restores to exactly what the database holds.</summary>
    public bool Succeeded => Replicas.All(replica => replica.Succeeded);
}
