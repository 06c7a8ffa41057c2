using Litestream.Shadow;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>What a look at a replica came to.</summary>
internal abstract record Inspection
{
    private Inspection()
    {
    }

    /// <summary>It holds what it is believed to hold, and nobody else writes there.</summary>
    /// <param name="Inventory">All that it holds.</param>
    /// <param name="Generation">The generation in use.</param>
    public sealed record Sound(ReplicaInventory Inventory, string Generation) : Inspection;

    /// <summary>It does, and somebody else writes there who began before us: nothing of theirs is to be touched.</summary>
    public sealed record Shared(string Detail) : Inspection;

    /// <summary>Somebody else began there after us: it is theirs now.</summary>
    public sealed record Superseded(string Detail) : Inspection;

    /// <summary>It does not: the generation cannot go on.</summary>
    public sealed record Unsound(string Generation, GenerationReason Reason, string Detail) : Inspection;

    /// <summary>The worker moved on to something else meanwhile: look again later.</summary>
    public sealed record Inconclusive : Inspection;
}
