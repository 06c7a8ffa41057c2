using Litestream.Cli.Targets;

namespace Litestream.Cli.Commands;

/// <summary>What the command line of <c>restore</c> asks for.</summary>
internal sealed record RestoreCommandRequest
{
    public required TargetArguments Target { get; init; }

    public string? OutputPath { get; init; }

    public string? Generation { get; init; }

    public int? Index { get; init; }

    public DateTimeOffset? Timestamp { get; init; }

    public int Parallelism { get; init; }

    public bool IfDbNotExists { get; init; }

    public bool IfReplicaExists { get; init; }

    public bool IsDryRun { get; init; }

    public bool IsJson { get; init; }

    public bool IsVerbose { get; init; }
}
