namespace Litestream.S3.Configuration;

/// <summary>What <c>AddS3</c> was given: options in code, for all replicas or for those of one name.</summary>
internal sealed record S3OptionsChange(string? ReplicaName, Action<S3ReplicaOptions> Configure);
