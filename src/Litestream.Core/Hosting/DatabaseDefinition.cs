using Litestream.Diagnostics;
using Litestream.Storage;

namespace Litestream.Hosting;

/// <summary>One database as the options describe it, validated, every path full and every client made.</summary>
internal sealed record DatabaseDefinition
{
    /// <summary>The name of the database in the options.</summary>
    public required string Name { get; init; }

    /// <summary>The full path of the database file, symbolic links resolved as SQLite does, so that <c>-wal</c> lies beside it.</summary>
    public required string Path { get; init; }

    /// <summary>The full path of the meta directory; need not exist.</summary>
    public required string MetaPath { get; init; }

    /// <summary>The rest of the options; paths in here are as the user wrote them.</summary>
    public required DatabaseOptions Options { get; init; }

    /// <summary>The replicas in order of name; at least one.</summary>
    public required IReadOnlyList<ReplicaDefinition> Replicas { get; init; }

    /// <summary>Whether stopping closes the connection that holds the WAL (<see cref="LitestreamOptions.ReleaseOnStop"/>).</summary>
    public bool ReleaseOnStop { get; init; }

    /// <summary>The same, with every call to a replica's store measured.</summary>
    public DatabaseDefinition Metered(DatabaseTelemetry telemetry, TimeProvider time) => this with
    {
        Replicas =
        [
            .. Replicas.Select(replica => replica with
            {
                Client = new MeteredReplicaClient(
                    replica.Client,
                    telemetry,
                    replica.Name,
                    string.IsNullOrWhiteSpace(replica.Options.Url) ? replica.Client.Location.Scheme : ReplicaUrl.Scheme(replica.Options.Url),
                    time),
            }),
        ],
    };
}
