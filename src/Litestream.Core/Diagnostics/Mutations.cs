namespace Litestream.Diagnostics;

/// <summary>Test only: see <see cref="Mutation"/>.</summary>
internal static class Mutations
{
    /// <summary>The mistake that is made on purpose; of the whole process.</summary>
    public static Mutation Made { get; set; }
}
