namespace Litestream.Cli.Output;

/// <summary>A failure as <c>--json</c> prints it to standard error.</summary>
internal sealed record FailureReport(string Error, string? Next);
