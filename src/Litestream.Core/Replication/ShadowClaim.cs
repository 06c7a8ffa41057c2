namespace Litestream.Replication;

/// <summary>What one replica still needs from the shadow. Anything that no replica needs may be removed.</summary>
internal readonly record struct ShadowClaim
{
    private ShadowClaim(bool everything, string? generation, int index)
    {
        IsEverything = everything;
        Generation = generation;
        Index = index;
    }

    /// <summary>Before it is known what the replica holds: whatever is kept may be needed.</summary>
    public static ShadowClaim Everything { get; } = new(true, null, 0);

    /// <summary>The replica has lost its claim: it starts afresh with a snapshot.</summary>
    public static ShadowClaim Nothing { get; } = new(false, null, 0);

    public bool IsEverything { get; }

    /// <summary>True if nothing is needed, not even of the generation in use.</summary>
    public bool IsNothing => !IsEverything && Generation is null;

    /// <summary>The oldest generation that is needed; null for everything and for nothing.</summary>
    public string? Generation { get; }

    /// <summary>The lowest index of <see cref="Generation"/> that is needed.</summary>
    public int Index { get; }

    /// <summary>This index, everything after it, and all later generations.</summary>
    public static ShadowClaim From(string generation, int index) => new(false, generation, index);

    /// <summary>True if an index must be kept.</summary>
    /// <param name="generations">The generations kept, oldest first, as the shadow lists them.</param>
    /// <param name="generation">The generation of the index.</param>
    /// <param name="index">The index.</param>
    public bool Needs(IReadOnlyList<string> generations, string generation, int index)
    {
        if (IsEverything || IsNothing)
        {
            return IsEverything;
        }

        if (generation == Generation)
        {
            return index >= Index;
        }

        foreach (var kept in generations)
        {
            if (kept == Generation)
            {
                return true; // the claimed generation is the older one
            }

            if (kept == generation)
            {
                return false;
            }
        }

        return true;
    }
}
