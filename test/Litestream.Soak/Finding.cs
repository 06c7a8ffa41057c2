namespace Litestream.Soak;

/// <summary>One thing that has to be so, and whether it is.</summary>
internal sealed record Finding(string What, string Measured, string Bound, bool Holds);
