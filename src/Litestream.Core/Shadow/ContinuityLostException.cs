namespace Litestream.Shadow;

/// <summary>Continuity could not be proven: a new generation must start. Never leaves the room.</summary>
internal sealed class ContinuityLostException(GenerationReason reason, string detail) : Exception(detail)
{
    public GenerationReason Reason { get; } = reason;
}
