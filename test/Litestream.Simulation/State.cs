namespace Litestream.Simulation;

/// <summary>What a database was after one commit.</summary>
/// <param name="Number">The order in which states came to be.</param>
/// <param name="Hash">The hash of the whole image.</param>
internal sealed record State(int Number, string Hash);
