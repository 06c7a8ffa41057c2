namespace Litestream.Hosting;

/// <summary>One replica of a database. The client belongs to the host, which disposes it after the engine.</summary>
internal sealed record ReplicaDefinition(string Name, ReplicaOptions Options, IReplicaClient Client);
