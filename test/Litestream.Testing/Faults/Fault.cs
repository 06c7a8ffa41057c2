namespace Litestream.Testing.Faults;

/// <summary>A fault that happens to one call.</summary>
/// <param name="Kind">What goes wrong.</param>
public sealed record Fault(FaultKind Kind)
{
    /// <summary>The kinds that the contract of a client allows: every caller has to live with them.</summary>
    public static IReadOnlyList<FaultKind> Honest { get; } =
        [FaultKind.FailBefore, FaultKind.FailAfter, FaultKind.TimeOut, FaultKind.Deny, FaultKind.Reset];

    /// <summary>The kinds that break the contract: a store, or a proxy before it, that says what is not so.</summary>
    public static IReadOnlyList<FaultKind> Lying { get; } =
        [FaultKind.Truncate, FaultKind.Late, FaultKind.Shuffle, FaultKind.Twice, FaultKind.Hide];

    /// <summary>The status in the message of a refusal for the moment.</summary>
    public int Status { get; init; } = 503;

    /// <summary><see cref="FaultKind.Late"/>: how many calls later a write lands, how many writes a listing misses.</summary>
    public int Lateness { get; init; } = 3;

    /// <summary>How much of a body, a listing or the keys is still good.</summary>
    public double GoodPart { get; init; } = 0.5;

    /// <summary><see cref="FaultKind.Race"/>: what the other writer stores under the key, from what this one wants to store.</summary>
    public Func<byte[], byte[]> Rival { get; init; } = content => [.. content.Select(b => (byte)~b)];
}
