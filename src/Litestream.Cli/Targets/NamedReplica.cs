namespace Litestream.Cli.Targets;

/// <summary>A replica under the name that listings show.</summary>
internal sealed record NamedReplica(string Name, IReplicaClient Client);
