using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>What a replica holds of a generation, and whether that can be gone on from.</summary>
internal abstract record ResumeOutcome
{
    private ResumeOutcome()
    {
    }

    /// <summary>It holds nothing: a snapshot comes first.</summary>
    public sealed record Fresh : ResumeOutcome;

    /// <summary>What it holds agrees with the shadow.</summary>
    public sealed record Continue(ReplicaCursor Cursor, KnownSnapshot Newest) : ResumeOutcome;

    /// <summary>It holds less than the shadow can join on to: it starts afresh with a snapshot in the index in use.</summary>
    public sealed record Rejoin(ReplicaCursor Cursor) : ResumeOutcome;

    /// <summary>The generation cannot go on.</summary>
    public sealed record Refused(GenerationReason Reason, string Detail) : ResumeOutcome;
}
