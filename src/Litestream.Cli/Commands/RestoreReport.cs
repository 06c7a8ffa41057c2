namespace Litestream.Cli.Commands;

/// <summary>What was restored.</summary>
internal sealed record RestoreReport(
    string Output, string Replica, string Generation, int Index, long Offset, long DatabaseSize, double DurationSeconds);
