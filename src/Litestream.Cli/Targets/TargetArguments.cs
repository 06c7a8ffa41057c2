namespace Litestream.Cli.Targets;

/// <summary>What the command line says about the target.</summary>
/// <param name="Name">A database's path or a replica's URL.</param>
/// <param name="ConfigPath">The config file that was named.</param>
/// <param name="ExpandEnvironment">Whether dollar signs in it name variables.</param>
/// <param name="Replica">Only this replica; ignored with a URL, as Litestream does.</param>
internal sealed record TargetArguments(string? Name, string? ConfigPath, bool ExpandEnvironment, string? Replica);
