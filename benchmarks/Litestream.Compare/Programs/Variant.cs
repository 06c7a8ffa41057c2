namespace Litestream.Compare.Programs;

/// <summary>Who replicates, and how it is set up.</summary>
/// <param name="Name">As in the tables.</param>
/// <param name="IsOurs">This library; else the real litestream.</param>
/// <param name="Milliseconds">The intervals at which it looks and uploads; null for its defaults.</param>
/// <param name="IsNative">Compiled ahead of time.</param>
internal sealed record Variant(string Name, bool IsOurs, int? Milliseconds, bool IsNative = false)
{
    public const string Off = "off";
    public const string OursUsed = "ours, UseLitestream";

    public static readonly Variant Ours = new("ours", true, null);
    public static readonly Variant OursNative = new("ours, native", true, null, IsNative: true);
    public static readonly Variant OursFast = new("ours 10 ms", true, 10);
    public static readonly Variant Theirs = new("litestream", false, null);
    public static readonly Variant TheirsFast = new("litestream 10 ms", false, 10);

    /// <summary>The columns of a table.</summary>
    public static readonly IReadOnlyList<string> Order = [Off, Ours.Name, OursUsed, OursNative.Name, OursFast.Name, "ours, no check", Theirs.Name, TheirsFast.Name];

    /// <summary>Who is held against whom.</summary>
    public static readonly IReadOnlyList<(string Name, string Theirs, string Ours)> Pairs =
        [("defaults", Theirs.Name, Ours.Name), ("native", Theirs.Name, OursNative.Name), ("10 ms", TheirsFast.Name, OursFast.Name)];
}
