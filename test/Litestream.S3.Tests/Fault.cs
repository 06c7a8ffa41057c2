namespace Litestream.S3;

/// <summary>What goes wrong with one request.</summary>
internal sealed record Fault(FaultKind Kind, int Number = 0, string Code = "", string? RetryAfter = null);

internal enum FaultKind
{
    /// <summary>The connection is dropped before the request reaches the store.</summary>
    Reset,

    /// <summary>The request reaches the store; the connection is dropped before its answer.</summary>
    LoseAnswer,

    /// <summary>The connection is dropped after Number bytes of the answer's body.</summary>
    CutAnswer,

    /// <summary>Status Number and Code are answered.</summary>
    Answer,

    /// <summary>Nothing is answered.</summary>
    Stall,

    /// <summary>The request waits Number milliseconds.</summary>
    Delay,
}
