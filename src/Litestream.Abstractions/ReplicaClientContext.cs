using Microsoft.Extensions.Configuration;

namespace Litestream;

/// <summary>What a factory is told about the replica it makes a client for.</summary>
public sealed class ReplicaClientContext
{
    /// <summary>The name of the database the replica belongs to.</summary>
    public required string DatabaseName { get; init; }

    /// <summary>The name of the replica within the database.</summary>
    public required string ReplicaName { get; init; }

    /// <summary>The URL as it was written, not parsed or normalised.</summary>
    public required string Url { get; init; }

    /// <summary>The folder that relative paths start from: the host's content root.</summary>
    public required string ContentRoot { get; init; }

    /// <summary>The path of the database file, if the client is made for one; a folder replica takes its file modes from it.</summary>
    public string? DatabasePath { get; init; }

    /// <summary>The replica's configuration section, if it came from configuration.</summary>
    public IConfigurationSection? Configuration { get; init; }

    /// <summary>What <c>AddLitestream</c> was given, if it was given configuration: a store's own section for all replicas is in it.</summary>
    public IConfiguration? RootConfiguration { get; init; }

    /// <summary>The replica by its names; never its URL or configuration, which may hold secrets.</summary>
    public override string ToString() => $"replica '{ReplicaName}' of database '{DatabaseName}'";
}
